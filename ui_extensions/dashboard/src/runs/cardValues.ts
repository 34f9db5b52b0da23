// The main values of a run on its card, whichever program has logged them.

import type { MetricCatalog, MetricsData, MetricSplit, RunSummary } from "../../../live/schemas";
import type { Language } from "../../../live/languageChoice";
import { numberOf } from "../live/curves";
import { classify } from "../metrics/classifier";
import { headlineNames } from "../metrics/headlines";
import { groupLabel, metricLabel } from "../metrics/metricCatalog";
import { catalogValues, EPOCH } from "../metrics/metricNames";

export interface CardRow {
  label: string;
  values: ReadonlyArray<{ name: string; split: MetricSplit; value: number }>;
}

/** Of a run with thousands of metrics, so many are looked at. */
const MAX_OTHERS = 500;
const MAX_ROWS = 4;

/** One row for each measure; `live` has newer values than the summary. */
export function cardRows(
  summary: RunSummary,
  live: MetricsData | undefined,
  catalog: MetricCatalog,
  language: Language,
): CardRow[] {
  const known = valuesOf(summary, live, catalog);
  const rows = new Map<string, { label: string; values: CardRow["values"][number][] }>();
  for (const name of headlineNames([...known.keys()], catalog)) {
    const { role, measure, group, split } = classify(name, catalog);
    const key = role === "other" ? name : `${group} ${measure}`;
    const row = rows.get(key) ?? { label: labelOf(name, catalog, language), values: [] };
    rows.set(key, row);
    row.values.push({ name, split, value: known.get(name) as number });
  }
  return [...rows.values()].slice(0, MAX_ROWS);
}

function labelOf(name: string, catalog: MetricCatalog, language: Language): string {
  const { role, measure, group } = classify(name, catalog);
  // The group of F1 has kappa, too.
  if (role === "other" || role === "f1") {
    return metricLabel(name, language, catalog);
  }
  return measure === group ? groupLabel(group, language, catalog) : measure;
}

function valuesOf(
  summary: RunSummary,
  live: MetricsData | undefined,
  catalog: MetricCatalog,
): Map<string, number> {
  const values = new Map(summary.headlines.map((each) => [each.name, numberOf(each)]));
  if (!live) {
    return values;
  }
  const names = [...values.keys(), ...Object.keys(live.other).slice(0, MAX_OTHERS)];
  const others = names.map((name) => [name, live.other[name]] as const);
  for (const [name, value] of [...catalogValues(live, catalog), ...others]) {
    const word = Object.hasOwn(live.not_finite, name) ? live.not_finite[name] : undefined;
    if ((value !== null && value !== undefined) || word) {
      values.set(name, numberOf({ value: value ?? null, not_finite: word ?? null }));
    }
  }
  values.delete(EPOCH);
  return values;
}
