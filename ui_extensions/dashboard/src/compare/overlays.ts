// Which charts compared runs have: one for each metric, whatever each program calls it.

import type { MetricCatalog, RunComparison } from "../../../live/schemas";
import type { Language } from "../../../live/languageChoice";
import { classify } from "../metrics/classifier";
import { groupLabel } from "../metrics/metricCatalog";

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

export interface Panel {
  key: string;
  /** Null for the metrics that have no prefix. */
  label: string | null;
  charts: readonly Overlay[];
}

/** The metrics of each run, in the order of the runs. */
export function metricsOfRuns({ runs, metrics }: Pick<RunComparison, "runs" | "metrics">) {
  return runs.map((_, run) =>
    metrics
      .filter(({ values, not_finite }) => values[run] !== null || not_finite[run] !== null)
      .map(({ name }) => name),
  );
}

/** The panels: first those of the catalogue's groups, then one for each prefix. */
export function panelsOf(
  namesOfRuns: ReadonlyArray<readonly string[]>,
  catalog: MetricCatalog,
  language: Language,
): Panel[] {
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
  const panels = new Map<string, Overlay[]>(catalog.groups.map(({ name }) => [`=${name}`, []]));
  for (const lines of byMeaning.values()) {
    for (const chart of chartsOf(lines, catalog, language)) {
      const key = panelKey((chart.lines[0] as Overlaid).metric, catalog);
      panels.set(key, [...(panels.get(key) ?? []), chart]);
    }
  }
  return [...panels]
    .filter(([, charts]) => charts.length > 0)
    .map(([key, charts], index) => ({ key, charts: charts.sort(byTitle), index }))
    .sort(
      (a, b) => rank(a.key) - rank(b.key) || (rank(a.key) === 0 ? a.index - b.index : byKey(a, b)),
    )
    .map(({ key, charts }) => ({ key, label: labelOf(key, catalog, language), charts }));
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

function panelKey(name: string, catalog: MetricCatalog): string {
  const { group } = classify(name, catalog);
  if (group !== null) {
    return `=${group}`;
  }
  const end = name.search(/[/.]/);
  return end > 0 ? `/${name.slice(0, end)}` : "";
}

/** Groups of the catalogue, then metrics without a prefix, then prefixes; the machine's come last. */
function rank(key: string): number {
  if (key.startsWith("=")) {
    return 0;
  }
  return key === "" ? 1 : key === "/system" ? 3 : 2;
}

function labelOf(key: string, catalog: MetricCatalog, language: Language): string | null {
  if (key.startsWith("=")) {
    return groupLabel(key.slice(1), language, catalog);
  }
  return key === "" ? null : key.slice(1);
}

function byTitle(a: Overlay, b: Overlay): number {
  return a.title.localeCompare(b.title);
}

function byKey(a: { key: string }, b: { key: string }): number {
  return a.key.localeCompare(b.key);
}

/** The panels with the charts whose title or metrics have `text` in them. */
export function found(panels: readonly Panel[], text: string): Panel[] {
  const wanted = text.trim().toLowerCase();
  const isWanted = ({ title, lines }: Overlay): boolean =>
    [title, ...lines.map(({ metric }) => metric)].some((each) =>
      each.toLowerCase().includes(wanted),
    );
  return panels
    .map((panel) => ({ ...panel, charts: panel.charts.filter(isWanted) }))
    .filter(({ charts }) => charts.length > 0);
}
