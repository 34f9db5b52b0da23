// Which metrics the cards show, and the trend of each.

import type { MetricCatalog, MetricDirection } from "../../../live/schemas";
import type { Points } from "../live/series";
import { classify } from "../metrics/classifier";
import { headlineNames } from "../metrics/headlines";

const MAX_CARDS = 8;

/** The headline metrics that the run logs, by any program's names; without them, its first few others. */
export function cardMetrics(names: readonly string[], catalog: MetricCatalog): string[] {
  const logged = new Set(names);
  const known = catalog.metrics.filter((each) => each.is_headline && logged.has(each.name));
  if (known.length > 0) {
    return known.map(({ name }) => name);
  }
  const chosen = headlineNames(names, catalog);
  const isUnknown = chosen.every((name) => classify(name, catalog).role === "other");
  const others = names.filter((name) => classify(name, catalog).role === "other");
  return isUnknown ? others.slice(0, MAX_CARDS) : chosen;
}

export interface Trend {
  value: number | undefined;
  /** Undefined if there are too few values to compare. */
  direction: "up" | "down" | "flat" | undefined;
  /** Undefined if neither direction is better. */
  best: number | undefined;
}

const NO_TREND: Trend = { value: undefined, direction: undefined, best: undefined };

/** Number of points in each of the two averages that are compared. */
const WINDOW = 20;
const SMALLEST_CHANGE = 1e-3;

export function trendOf({ values }: Points, better: MetricDirection): Trend {
  if (values.length === 0) {
    return NO_TREND;
  }
  let best: number | undefined;
  let numFinite = 0;
  for (const each of values) {
    if (Number.isFinite(each)) {
      numFinite += 1;
      if (best === undefined || (better === "lower" ? each < best : each > best)) {
        best = each;
      }
    }
  }
  return {
    value: values[values.length - 1],
    direction: headingOf(values, numFinite),
    best: better === "none" ? undefined : best,
  };
}

/** Compares the mean of the last few values with that of the few before; noise counts as flat. */
function headingOf(values: Float64Array, numFinite: number): Trend["direction"] {
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
