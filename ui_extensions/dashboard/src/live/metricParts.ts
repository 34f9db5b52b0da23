// Merges the parts of a run's metrics that messages have: a message has only what changed.

import type { MetricPoint, MetricsData } from "../../../live/schemas";

type Maps = Pick<MetricsData, "critical_conditions" | "per_class" | "not_finite" | "other">;

/** Merges the messages of one batch: the maps of a run are copied once, then changed. */
export class MetricsMerger {
  private readonly own = new WeakSet<MetricsData>();

  /** The metrics after an update that wrote `points`. */
  update(
    known: MetricsData | undefined,
    update: MetricsData,
    points: readonly MetricPoint[],
  ): MetricsData {
    return this.merged(
      known,
      update,
      points.map(({ metric }) => metric),
    );
  }

  /** The metrics with the entries of a further page of them. */
  page(known: MetricsData | undefined, page: MetricsData): MetricsData {
    const merged = this.owned(known ?? page);
    add(merged, page);
    return merged;
  }

  /** `written` are MLflow's names of the metrics whose values `part` has. */
  merged(
    known: MetricsData | undefined,
    part: MetricsData,
    written: Iterable<string>,
  ): MetricsData {
    const maps = this.owned(known ?? part);
    for (const name of written) {
      delete maps.not_finite[name];
    }
    add(maps, part);
    const { critical_conditions, per_class, not_finite, other } = maps;
    const merged = { ...part, critical_conditions, per_class, not_finite, other };
    this.own.add(merged);
    return merged;
  }

  private owned(metrics: MetricsData): MetricsData {
    if (this.own.has(metrics)) {
      return metrics;
    }
    const copy: MetricsData = {
      ...metrics,
      critical_conditions: copied(metrics.critical_conditions),
      per_class: copied(metrics.per_class),
      not_finite: copied(metrics.not_finite),
      other: copied(metrics.other),
    };
    this.own.add(copy);
    return copy;
  }
}

/** A copy without a prototype: a metric may have the name __proto__. */
function copied<T>(map: Record<string, T>): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, map);
}

function add(maps: Maps, part: Maps): void {
  Object.assign(maps.critical_conditions, part.critical_conditions);
  Object.assign(maps.per_class, part.per_class);
  Object.assign(maps.not_finite, part.not_finite);
  Object.assign(maps.other, part.other);
}
