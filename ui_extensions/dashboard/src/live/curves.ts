// The curves of the shown runs: loaded once, then extended by live points.

import { isRetryable, type Rest } from "../../../live/rest";
import type { NotFinite, PerformancePoint } from "../../../live/schemas";
import { Series } from "./series";
import { Turns } from "./turns";

/** The server downsamples a longer metric to this many points; zooming in loads the rest. */
export const LOADED_POINTS = 4_000;
const MAX_RUNS = 8;
const MOST_REQUESTS = 4;

export interface Curve {
  readonly series: Series;
  /** A failed load is retried, a refused one is not. */
  state: "new" | "loading" | "loaded" | "failed" | "refused";
  /** Number of points on the server; `series` may hold fewer. */
  total: number;
  /** How many points were asked for at most. */
  limit: number;
  /** Points were missed during the load, so the response may lack them. */
  isOutdated: boolean;
}

type Watcher = () => void;

export class Curves {
  private readonly runs = new Map<string, Map<string, Curve>>();
  private readonly watchers = new Map<string, Set<Watcher>>();

  private readonly turns = new Turns(MOST_REQUESTS);

  constructor(private readonly rest: Rest) {}

  /** The curve with the points known so far; the first call starts to load it. */
  curve(runId: string, metric: string, limit = LOADED_POINTS): Curve {
    const known = this.ofRun(runId);
    let curve = known.get(metric);
    if (!curve) {
      curve = { series: new Series(), state: "new", total: 0, limit, isOutdated: false };
      known.set(metric, curve);
    }
    const isTooThin = curve.limit < limit;
    curve.limit = Math.max(curve.limit, limit);
    const isMissing = isTooThin && curve.state === "loaded" && curve.total > curve.series.length;
    if (curve.state === "new" || isMissing) {
      void this.load(runId, metric, curve);
    }
    return curve;
  }

  /** Like `curve`, but never starts to load. */
  known(runId: string, metric: string): Curve | undefined {
    return this.runs.get(runId)?.get(metric);
  }

  /** Calls `watcher` when a curve of the run has changed; returns a function that ends this. */
  watch(runId: string, watcher: Watcher): () => void {
    const watchers = this.watchers.get(runId) ?? new Set();
    watchers.add(watcher);
    this.watchers.set(runId, watchers);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) {
        this.watchers.delete(runId);
      }
    };
  }

  add(runId: string, points: readonly IncomingPoint[]): void {
    const known = this.runs.get(runId);
    if (!known) {
      return;
    }
    let hasChanged = false;
    for (const point of points) {
      const curve = known.get(point.metric);
      if (curve && curve.state !== "new") {
        curve.series.add(point.step, numberOf(point), Date.parse(point.timestamp));
        hasChanged = true;
      }
    }
    if (hasChanged) {
      this.notify(runId);
    }
  }

  /** Loads the curves again after a gap, of one run or of all. */
  refresh(runId?: string): void {
    this.reload((_, id) => id === (runId ?? id));
  }

  /** Loads the curves again whose load has failed. */
  retry(): void {
    this.reload((curve) => curve.state === "failed");
  }

  /** The points of a range of steps, as many as a chart can show. */
  async detail(
    runId: string,
    metric: string,
    [from, to]: readonly [number, number],
    limit = LOADED_POINTS,
  ): Promise<Series> {
    const range = { limit, from_step: Math.floor(from), to_step: Math.ceil(to) };
    const { entries } = await this.request(runId, metric, range);
    const series = new Series();
    series.fill(entries.map(seriesPoint));
    return series;
  }

  private reload(isWanted: (curve: Curve, runId: string) => boolean): void {
    for (const [runId, known] of this.runs) {
      for (const [metric, curve] of known) {
        if (isWanted(curve, runId)) {
          void this.load(runId, metric, curve);
        }
      }
    }
  }

  private async load(runId: string, metric: string, curve: Curve): Promise<void> {
    if (curve.state === "loading") {
      curve.isOutdated = true;
      return;
    }
    curve.state = "loading";
    curve.isOutdated = false;
    try {
      const { entries, total } = await this.request(runId, metric, { limit: curve.limit });
      curve.series.fill(entries.map(seriesPoint));
      curve.total = total;
      curve.state = "loaded";
    } catch (error) {
      // Live points are shown all the same.
      curve.state = isRetryable(error) ? "failed" : "refused";
    }
    this.notify(runId);
    if (curve.isOutdated && curve.state === "loaded") {
      void this.load(runId, metric, curve);
    }
  }

  private request(runId: string, metric: string, range: Record<string, number>) {
    const path = `api/metrics/performance/${metric.split("/").map(encodeURIComponent).join("/")}`;
    return this.turns.take(() =>
      this.rest.list<PerformancePoint>(path, { run_id: runId, ...range }),
    );
  }

  private ofRun(runId: string): Map<string, Curve> {
    const found = this.runs.get(runId) ?? new Map<string, Curve>();
    // Moves the run to the end: the least recently used run is dropped first.
    this.runs.delete(runId);
    this.runs.set(runId, found);
    for (const id of this.runs.keys()) {
      if (this.runs.size <= MAX_RUNS) {
        break;
      }
      if (!this.watchers.has(id)) {
        this.runs.delete(id);
      }
    }
    return found;
  }

  private notify(runId: string): void {
    for (const watcher of this.watchers.get(runId) ?? []) {
      watcher();
    }
  }
}

/** A point as the WebSocket and the REST routes send it. */
interface IncomingPoint {
  metric: string;
  value: number | null;
  not_finite?: NotFinite | null;
  step: number;
  timestamp: string;
}

function seriesPoint(point: IncomingPoint) {
  return { step: point.step, value: numberOf(point), timeMs: Date.parse(point.timestamp) };
}

const WORDS: Record<NotFinite, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

/** JSON has no NaN or infinity: `value` is then null, and `not_finite` names it. */
export function numberOf(point: { value: number | null; not_finite?: NotFinite | null }): number {
  return point.value ?? (point.not_finite ? WORDS[point.not_finite] : Number.NaN);
}
