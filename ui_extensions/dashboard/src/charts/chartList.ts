// Which charts a run has: one for each measure in the groups of the catalogue, and the others.

import type { ChartGroup, MetricCatalog, MetricLabel, MetricSplit } from "../../../live/schemas";
import { classify } from "../metrics/classifier";
import { familyOf } from "../metrics/metricCatalog";

export interface ChartSpec {
  key: string;
  /** Label of the group or the measure; null for a single metric, whose title is its name. */
  label: MetricLabel | null;
  metrics: readonly string[];
}

const MAX_LINES = 6;
/** Parts of a loss beyond these are among the others: a run may log one for each of its layers. */
const MAX_CHARTS_OF_GROUP = 12;
const SPLITS: readonly MetricSplit[] = ["train", "none", "val", "test"];

export interface ChartList {
  /** The charts of each group: first that of the whole measure, then those of its variants. */
  main: ChartSpec[];
  /** The other metrics by name; those that the page also shows elsewhere come last. */
  others: ChartSpec[];
}

export function chartList(names: readonly string[], catalog: MetricCatalog): ChartList {
  const logged = new Set(names.filter((name) => classify(name, catalog).role !== "epoch"));
  const byGroup = inGroups(logged, catalog);
  const charts = catalog.groups.map((group) => ofGroup(group, byGroup.get(group.name)));
  const main = charts.flatMap((each) => each.slice(0, MAX_CHARTS_OF_GROUP));
  const drawn = new Set(main.flatMap(({ metrics }) => metrics));
  const rest = [...logged].filter((name) => !drawn.has(name));
  const isShownElsewhere = (name: string): boolean => familyOf(name, catalog) !== undefined;
  return {
    main,
    others: [
      ...bySplits(
        rest.filter((name) => !isShownElsewhere(name)),
        catalog,
      ),
      ...rest.filter(isShownElsewhere).sort(byText).map(single),
    ],
  };
}

type Measures = Map<string, string[]>;

/** The names by group and measure; those without a group are under the empty text. */
function inGroups(logged: Iterable<string>, catalog: MetricCatalog): Map<string, Measures> {
  const groups = new Map<string, Measures>();
  for (const name of logged) {
    const { group, measure } = classify(name, catalog);
    const measures = groups.get(group ?? "") ?? new Map<string, string[]>();
    groups.set(group ?? "", measures);
    const named = measures.get(measure) ?? [];
    measures.set(measure, named);
    named.push(name);
  }
  const order = (name: string): number => SPLITS.indexOf(classify(name, catalog).split);
  for (const measures of groups.values()) {
    for (const named of measures.values()) {
      named.sort((a, b) => order(a) - order(b) || byText(a, b));
    }
  }
  return groups;
}

function ofGroup({ name, label }: ChartGroup, measures: Measures = new Map()): ChartSpec[] {
  const variants = [...measures.keys()].filter((measure) => measure !== name).sort(byText);
  return [
    ...inParts(name, label, measures.get(name) ?? []),
    ...variants.flatMap((measure) =>
      inParts(`${name}: ${measure}`, { en: measure, fr: measure }, measures.get(measure) ?? []),
    ),
  ];
}

/** Splits a chart: more than MAX_LINES lines are not distinguishable in one. */
function inParts(key: string, label: MetricLabel, names: readonly string[]): ChartSpec[] {
  const parts: ChartSpec[] = [];
  for (let start = 0; start < names.length; start += MAX_LINES) {
    parts.push({
      key: start === 0 ? key : `${key}-${start / MAX_LINES}`,
      label,
      metrics: names.slice(start, start + MAX_LINES),
    });
  }
  return parts;
}

/** The splits of a measure in one chart, and each other metric in its own. */
function bySplits(names: readonly string[], catalog: MetricCatalog): ChartSpec[] {
  const charts: ChartSpec[] = [];
  for (const measures of inGroups(names, catalog).values()) {
    for (const [measure, named] of measures) {
      const splits = new Set(named.map((name) => classify(name, catalog).split));
      if (splits.size > 1) {
        charts.push(...inParts(measure, { en: measure, fr: measure }, named));
      } else {
        charts.push(...named.map(single));
      }
    }
  }
  return charts.sort((a, b) => byText(a.key, b.key));
}

function single(name: string): ChartSpec {
  return { key: name, label: null, metrics: [name] };
}

function byText(a: string, b: string): number {
  return a.localeCompare(b);
}
