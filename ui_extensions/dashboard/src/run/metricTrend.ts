// The metrics that stand on cards, and where each of them is heading.

import type { Points } from "../live/series";

export interface CardSpec {
  metric: string;
  isBetterLow: boolean;
}

const SPECS: readonly CardSpec[] = [
  { metric: "val/loss", isBetterLow: true },
  { metric: "train/loss", isBetterLow: true },
  { metric: "val/accuracy", isBetterLow: false },
  { metric: "train/accuracy", isBetterLow: false },
  { metric: "val/auc_roc_macro", isBetterLow: false },
  { metric: "val/f1", isBetterLow: false },
  { metric: "val/kappa", isBetterLow: false },
  { metric: "train/images_per_second", isBetterLow: false },
];
const MOST_CARDS = 8;

/** The known metrics that the run logs; where it logs none of them, its first few others. */
export function cardsFor(names: readonly string[]): CardSpec[] {
  const logged = new Set(names);
  const known = SPECS.filter(({ metric }) => logged.has(metric));
  if (known.length > 0) {
    return known;
  }
  return names
    .filter((name) => !name.startsWith("system/") && name !== "epoch")
    .slice(0, MOST_CARDS)
    .map((metric) => ({ metric, isBetterLow: /loss|error/i.test(metric) }));
}

export interface Trend {
  value: number | undefined;
  /** Nothing where there is too little to compare. */
  direction: "up" | "down" | "flat" | undefined;
  best: number | undefined;
}

const NO_TREND: Trend = { value: undefined, direction: undefined, best: undefined };

/** Points that a noisy metric is averaged over, now and before. */
const WINDOW = 20;
const SMALLEST_CHANGE = 1e-3;

export function trendOf({ values }: Points, isBetterLow: boolean): Trend {
  if (values.length === 0) {
    return NO_TREND;
  }
  let best: number | undefined;
  let numFinite = 0;
  for (const each of values) {
    if (Number.isFinite(each)) {
      numFinite += 1;
      if (best === undefined || (isBetterLow ? each < best : each > best)) {
        best = each;
      }
    }
  }
  return { value: values[values.length - 1], direction: directionOf(values, numFinite), best };
}

/** The last few values against the few before them; what their scatter explains is no direction. */
function directionOf(values: Float64Array, numFinite: number): Trend["direction"] {
  if (numFinite < 2) {
    return undefined;
  }
  const size = Math.max(1, Math.min(WINDOW, Math.floor(numFinite / 10)));
  const newest: number[] = [];
  for (let index = values.length - 1; newest.length < 2 * size; index -= 1) {
    const value = values[index] as number;
    if (Number.isFinite(value)) {
      newest.push(value);
    }
  }
  const now = spread(newest.slice(0, size));
  const before = spread(newest.slice(size));
  const change = now.mean - before.mean;
  const noise = 2 * Math.sqrt((now.variance + before.variance) / size);
  if (Math.abs(change) <= Math.max(noise, Math.abs(before.mean) * SMALLEST_CHANGE)) {
    return "flat";
  }
  return change > 0 ? "up" : "down";
}

function spread(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / values.length };
}
