// Panels of charts: one for each group of the catalogue, and one for each prefix of the names.

import type { MetricCatalog } from "../../../live/schemas";
import type { Language } from "../../../live/languageChoice";
import { classify } from "../metrics/classifier";
import { groupLabel } from "../metrics/metricCatalog";

export interface Panel<T> {
  key: string;
  /** Null for the metrics that have no prefix. */
  label: string | null;
  charts: readonly T[];
}

/** The charts by the panel of their first metric, in the order given within a panel. */
export function panelsOf<T>(
  charts: readonly T[],
  firstMetric: (chart: T) => string,
  catalog: MetricCatalog,
  language: Language,
): Panel<T>[] {
  const groups = catalog.groups.map(({ name }) => `=${name}`);
  const panels = new Map<string, T[]>();
  for (const chart of charts) {
    const key = panelKey(firstMetric(chart), catalog);
    const known = panels.get(key);
    if (known) {
      known.push(chart);
    } else {
      panels.set(key, [chart]);
    }
  }
  const order = (key: string): number => groups.indexOf(key);
  return [...panels]
    .sort(([a], [b]) => rank(a) - rank(b) || order(a) - order(b) || a.localeCompare(b))
    .map(([key, ofPanel]) => ({ key, label: labelOf(key, catalog, language), charts: ofPanel }));
}

function panelKey(name: string, catalog: MetricCatalog): string {
  const { group } = classify(name, catalog);
  if (group !== null) {
    return `=${group}`;
  }
  // The dot of a number, as in mAP 0.5, ends no prefix.
  const end = name.search(/\/|\.(?!\d)/);
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

/** The charts that have `text` in one of their texts, in upper or lower case. */
export function chartsWith<T>(
  charts: readonly T[],
  text: string,
  textsOf: (chart: T) => readonly string[],
): T[] {
  const wanted = text.trim().toLowerCase();
  return charts.filter((chart) =>
    textsOf(chart).some((each) => each.toLowerCase().includes(wanted)),
  );
}

/** The panels with the charts that have `text`; those without any are left out. */
export function panelsWith<T>(
  panels: readonly Panel<T>[],
  text: string,
  textsOf: (chart: T) => readonly string[],
): Panel<T>[] {
  return panels
    .map((panel) => ({ ...panel, charts: chartsWith(panel.charts, text, textsOf) }))
    .filter(({ charts }) => charts.length > 0);
}
