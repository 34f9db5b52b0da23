// The contributions of features to a prediction, as bars of a chart.

import type { Explanation } from "../../../../live/schemas";

export interface Bar {
  /** Null for the sum of the features that have no bar of their own. */
  feature: string | null;
  value: number;
  /** Share of the longest bar, from 0 to 1. */
  length: number;
}

export interface Bars {
  bars: readonly Bar[];
  numOthers: number;
}

/** The strongest features, then the sum of all others: with the base value they add up to the sum. */
export function barsOf({ contributions }: Explanation, most: number): Bars {
  const sorted = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const others = sorted.slice(most);
  const values: Array<{ feature: string | null; value: number }> = sorted
    .slice(0, most)
    .map(([feature, value]) => ({ feature, value }));
  if (others.length > 0) {
    values.push({ feature: null, value: others.reduce((sum, [, value]) => sum + value, 0) });
  }
  const longest = Math.max(...values.map(({ value }) => Math.abs(value)), 0) || 1;
  return {
    bars: values.map((bar) => ({ ...bar, length: Math.abs(bar.value) / longest })),
    numOthers: others.length,
  };
}
