// Epochs side by side: the metrics they share, what is better, and by how much.

import type { EpochDetails, MetricsData } from "../../../../live/schemas";
import { numberOf } from "../../live/curves";

export type Direction = "higher" | "lower" | "unknown";

export interface ComparedValue {
  /** undefined where the epoch has no such value. */
  value: number | undefined;
  /** To the first epoch; undefined where either is no number. */
  difference: number | undefined;
  rating: "better" | "worse" | "same" | "unknown";
  isBest: boolean;
}

export interface ComparedMetric {
  name: string;
  direction: Direction;
  values: readonly ComparedValue[];
}

export type Part = "main" | "classes" | "all";

const LOWER =
  /(?:^|[/_.\s-])(?:loss|error|err|mae|mse|rmse|nll|brier|ece|perplexity|fpr|fnr)(?=$|[/_.\s-])/i;
const HIGHER =
  /^(?:per_class|critical)\/|(?:^|[/_.\s-])(?:accuracy|acc|auc|auroc|roc|f1|kappa|recall|precision|sensitivity|specificity|dice|iou|map|mcc|r2|tpr|tnr)(?=$|[/_.\s-])/i;

/** Which way a metric gets better, as its name tells. */
export function directionOf(name: string): Direction {
  if (LOWER.test(name) && !name.startsWith("per_class/")) {
    return "lower";
  }
  return HIGHER.test(name) ? "higher" : "unknown";
}

/** The values by MLflow's names, in the order in which they are read. */
export function valuesOf(metrics: MetricsData): Map<string, number> {
  const nested: Array<[string, number | null | undefined]> = [
    ["val/loss", metrics.loss.val],
    ["train/loss", metrics.loss.train],
    ["val/accuracy", metrics.accuracy.val],
    ["train/accuracy", metrics.accuracy.train],
    ["val/auc_roc_macro", metrics.auc_roc.macro],
    ["val/auc_roc_weighted", metrics.auc_roc.weighted],
    ["val/f1", metrics.f1_score],
  ];
  const critical = Object.entries(metrics.critical_conditions);
  const others = Object.entries(metrics.other).sort(([a], [b]) => a.localeCompare(b));
  const isOfFovea = ([name]: [string, unknown]) => name.startsWith("val/");
  const all: Array<[string, number | null | undefined]> = [
    ...nested,
    ...others.filter(isOfFovea),
    ...critical.map(([name, { sensitivity }]): [string, number | null | undefined] => [
      `critical/${name}`,
      sensitivity,
    ]),
    ["train/learning_rate", metrics.learning_rate],
    ...others.filter((entry) => !isOfFovea(entry)),
    ...Object.entries(metrics.per_class).map(([name, value]): [string, number | null] => [
      `per_class/${name}`,
      value,
    ]),
  ];
  const values = new Map<string, number>();
  for (const [name, value] of all) {
    const word = Object.hasOwn(metrics.not_finite, name) ? metrics.not_finite[name] : undefined;
    if ((value !== null && value !== undefined) || word) {
      values.set(name, numberOf({ value: value ?? null, not_finite: word ?? null }));
    }
  }
  // It counts the epochs that stand above it.
  values.delete("epoch");
  return values;
}

/** Every metric that one of the epochs has; the first epoch is what the others are compared to. */
export function compared(epochs: readonly EpochDetails[]): ComparedMetric[] {
  const columns = epochs.map(({ metrics }) => valuesOf(metrics));
  const names = new Set(columns.flatMap((values) => [...values.keys()]));
  return [...names].map((name) => {
    const direction = directionOf(name);
    const numbers = columns.map((values) => values.get(name));
    const best = bestOf(numbers, direction);
    return {
      name,
      direction,
      values: numbers.map((value, index) => {
        const difference = index > 0 ? differenceOf(value, numbers[0]) : undefined;
        return {
          value,
          difference,
          rating: ratingOf(difference, direction),
          isBest: best !== undefined && value === best,
        };
      }),
    };
  });
}

/** undefined where nobody can say, or where all are the same. */
function bestOf(
  values: ReadonlyArray<number | undefined>,
  direction: Direction,
): number | undefined {
  const finite = values.filter(
    (value) => value !== undefined && Number.isFinite(value),
  ) as number[];
  if (direction === "unknown" || new Set(finite).size < 2) {
    return undefined;
  }
  return direction === "lower" ? Math.min(...finite) : Math.max(...finite);
}

function differenceOf(value: number | undefined, first: number | undefined): number | undefined {
  const difference = (value ?? Number.NaN) - (first ?? Number.NaN);
  return Number.isFinite(difference) ? difference : undefined;
}

function ratingOf(difference: number | undefined, direction: Direction): ComparedValue["rating"] {
  if (difference === undefined) {
    return "unknown";
  }
  if (difference === 0) {
    return "same";
  }
  if (direction === "unknown") {
    return "unknown";
  }
  return difference > 0 === (direction === "higher") ? "better" : "worse";
}

const MAIN = /^(?:train|val|critical)\//;
const OF_CLASS = "per_class/";

/** `main` is what most runs are judged by; all but the classes, where a run names none of that. */
export function partOf(metrics: readonly ComparedMetric[], part: Part): readonly ComparedMetric[] {
  if (part === "all") {
    return metrics;
  }
  const isOfClass = ({ name }: ComparedMetric) => name.startsWith(OF_CLASS);
  if (part === "classes") {
    return metrics.filter(isOfClass);
  }
  const main = metrics.filter(({ name }) => MAIN.test(name));
  return main.length > 0 ? main : metrics.filter((metric) => !isOfClass(metric));
}
