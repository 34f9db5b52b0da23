// Which charts a run has: one for each group of metrics, and one for each metric without a group.

import type { MetricCatalog, MetricLabel } from "../../../live/schemas";
import { familyOf } from "../metrics/metricCatalog";
import { EPOCH } from "../metrics/metricNames";

export interface ChartSpec {
  key: string;
  /** Label of the group; null for a single metric, whose title is its name. */
  label: MetricLabel | null;
  metrics: readonly string[];
}

const MAX_LINES = 6;

export interface ChartList {
  /** One chart or more for each group. */
  main: ChartSpec[];
  /** The other metrics by name; those that the page also shows elsewhere come last. */
  others: ChartSpec[];
}

export function chartList(names: readonly string[], catalog: MetricCatalog): ChartList {
  const logged = new Set(names);
  logged.delete(EPOCH);
  const main = catalog.groups.flatMap(({ name, label }) =>
    inParts(groupMembers(name, logged, catalog)).map((metrics, index) => ({
      key: index === 0 ? name : `${name}-${index}`,
      label,
      metrics,
    })),
  );
  const drawn = new Set(main.flatMap(({ metrics }) => metrics));
  const rest = [...logged].filter((name) => !drawn.has(name));
  rest.sort((a, b) => a.localeCompare(b));
  const isShownElsewhere = (name: string): boolean => familyOf(name, catalog) !== undefined;
  const single = (name: string): ChartSpec => ({ key: name, label: null, metrics: [name] });
  return {
    main,
    others: [
      ...rest.filter((name) => !isShownElsewhere(name)),
      ...rest.filter(isShownElsewhere),
    ].map(single),
  };
}

function groupMembers(
  group: string,
  logged: ReadonlySet<string>,
  { metrics, families }: MetricCatalog,
): string[] {
  const fixed = metrics.filter((each) => each.group === group && logged.has(each.name));
  const prefixes = families.filter((each) => each.group === group).map(({ prefix }) => prefix);
  const inFamilies = [...logged].filter((name) => prefixes.some((each) => name.startsWith(each)));
  return [...fixed.map(({ name }) => name), ...inFamilies].sort();
}

/** Splits a group: more than MAX_LINES lines are not distinguishable in one chart. */
function inParts(names: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let start = 0; start < names.length; start += MAX_LINES) {
    parts.push(names.slice(start, start + MAX_LINES));
  }
  return parts;
}
