// Which charts compared runs have: one for each metric, whatever each program calls it.

import type { MetricCatalog, RunComparison } from "../../../live/schemas";
import type { Language } from "../../../live/languageChoice";
import { classify } from "../metrics/classifier";
import { groupLabel } from "../metrics/metricCatalog";
import { type Panel, panelsOf } from "../charts/panels";

/** One line: a metric of the run at this place of the comparison. */
export interface Overlaid {
  run: number;
  metric: string;
}

export interface Overlay {
  key: string;
  title: string;
  lines: readonly Overlaid[];
}

/** The metrics of each run, in the order of the runs. */
export function metricsOfRuns({ runs, metrics }: Pick<RunComparison, "runs" | "metrics">) {
  return runs.map((_, run) =>
    metrics
      .filter(({ values, not_finite }) => values[run] !== null || not_finite[run] !== null)
      .map(({ name }) => name),
  );
}

/** The panels of the runs, whose charts are in the order of their titles. */
export function overlaidPanels(
  namesOfRuns: ReadonlyArray<readonly string[]>,
  catalog: MetricCatalog,
  language: Language,
): Panel<Overlay>[] {
  const byMeaning = new Map<string, Overlaid[]>();
  namesOfRuns.forEach((names, run) => {
    for (const metric of names) {
      const { role, group, measure, split } = classify(metric, catalog);
      if (role !== "epoch") {
        const key = group === null ? `\0${metric}` : [group, measure, split].join("\0");
        byMeaning.set(key, [...(byMeaning.get(key) ?? []), { run, metric }]);
      }
    }
  });
  const charts = [...byMeaning.values()].flatMap((lines) => chartsOf(lines, catalog, language));
  return panelsOf(charts.sort(byTitle), ({ key }) => key, catalog, language);
}

/** One chart; a chart for each name if a run has several names of the same meaning. */
function chartsOf(
  lines: readonly Overlaid[],
  catalog: MetricCatalog,
  language: Language,
): Overlay[] {
  const isOneEach = new Set(lines.map(({ run }) => run)).size === lines.length;
  const names = [...new Set(lines.map(({ metric }) => metric))];
  if (!isOneEach) {
    return names.map((name) => ({
      key: name,
      title: name,
      lines: lines.filter(({ metric }) => metric === name),
    }));
  }
  const [first = ""] = names;
  return [
    {
      key: first,
      title: names.length === 1 ? first : sharedTitle(first, catalog, language),
      lines,
    },
  ];
}

/** What several names mean, such as “Loss · val”. */
function sharedTitle(name: string, catalog: MetricCatalog, language: Language): string {
  const { group, measure, split } = classify(name, catalog);
  const parts = [groupLabel(group ?? "", language, catalog)];
  if (measure !== group) {
    parts.push(measure);
  }
  return [...parts, ...(split === "none" ? [] : [split])].join(" · ");
}

function byTitle(a: Overlay, b: Overlay): number {
  return a.title.localeCompare(b.title);
}

/** The texts by which a chart is found. */
export function textsOf({ title, lines }: Overlay): string[] {
  return [title, ...lines.map(({ metric }) => metric)];
}
