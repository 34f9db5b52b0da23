// Which charts a run has: what belongs together in one, the rest one by one.

import type { MetricsData } from "../../../live/schemas";

export interface ChartSpec {
  key: string;
  /** The part of the metrics' names that they share, or the name of the one. */
  title: string;
  metrics: readonly string[];
}

const TOGETHER: ReadonlyArray<readonly [key: string, ...metrics: string[]]> = [
  ["loss", "train/loss", "val/loss"],
  ["accuracy", "train/accuracy", "val/accuracy"],
  ["auc_roc", "val/auc_roc_macro", "val/auc_roc_weighted"],
  ["f1", "val/f1", "val/kappa"],
  ["learning_rate", "train/learning_rate"],
  ["images_per_second", "train/images_per_second"],
];
/** Shown as charts only where somebody looks for them: other parts of the page show them better. */
const SECONDARY = /^(?:system|per_class|critical_support)\//;
const CRITICAL = "critical/";
const MOST_LINES = 6;

export interface ChartList {
  /** Those that everybody wants to see. */
  main: ChartSpec[];
  /** All others, by name. */
  others: ChartSpec[];
}

export function chartList(names: readonly string[]): ChartList {
  const left = new Set(names);
  left.delete("epoch");
  const main: ChartSpec[] = [];
  for (const [key, ...wanted] of TOGETHER) {
    const metrics = wanted.filter((name) => left.delete(name));
    if (metrics.length > 0) {
      main.push({ key, title: key, metrics });
    }
  }
  const critical = [...left].filter((name) => name.startsWith(CRITICAL)).sort();
  for (let start = 0; start < critical.length; start += MOST_LINES) {
    const metrics = critical.slice(start, start + MOST_LINES);
    main.push({ key: `critical-${start}`, title: "critical", metrics });
    for (const name of metrics) {
      left.delete(name);
    }
  }
  const rest = [...left].sort((a, b) => a.localeCompare(b));
  const single = (name: string): ChartSpec => ({ key: name, title: name, metrics: [name] });
  const [primary, secondary] = [
    rest.filter((name) => !SECONDARY.test(name)),
    rest.filter((name) => SECONDARY.test(name)),
  ];
  return { main, others: [...primary, ...secondary].map(single) };
}

/** MLflow's names of what the monitor's scheme nests. */
export function metricNames(metrics: MetricsData | undefined): string[] {
  if (!metrics) {
    return [];
  }
  const names: Array<[string, unknown]> = [
    ["train/loss", metrics.loss.train],
    ["val/loss", metrics.loss.val],
    ["train/accuracy", metrics.accuracy.train],
    ["val/accuracy", metrics.accuracy.val],
    ["val/auc_roc_macro", metrics.auc_roc.macro],
    ["val/auc_roc_weighted", metrics.auc_roc.weighted],
    ["val/f1", metrics.f1_score],
    ["train/learning_rate", metrics.learning_rate],
  ];
  const logged = names.filter(
    ([name, value]) => (value !== null && value !== undefined) || name in metrics.not_finite,
  );
  const conditions = Object.entries(metrics.critical_conditions);
  return [
    ...logged.map(([name]) => name),
    ...Object.keys(metrics.per_class).map((name) => `per_class/${name}`),
    ...conditions
      .filter(([, { sensitivity }]) => sensitivity !== null && sensitivity !== undefined)
      .map(([name]) => `${CRITICAL}${name}`),
    ...conditions
      .filter(([, { support }]) => support !== null && support !== undefined)
      .map(([name]) => `critical_support/${name}`),
    ...Object.keys(metrics.other),
  ];
}
