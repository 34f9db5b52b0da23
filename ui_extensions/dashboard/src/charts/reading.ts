// The values in a chart's legend: at the cursor, or the newest.

import type { Points, Series } from "../live/series";
import { nearest, range } from "./plotData";

export interface Reading {
  step: number | null;
  isCursor: boolean;
  values: Array<number | undefined>;
  numNotFinite: number;
  /** Whether the points logged before the page was opened are loaded, too. */
  isWhole: boolean;
  /** Whether lines have more points than are loaded. */
  isThinned: boolean;
}

/** `cursorStep` is null without a cursor. */
export function readingOf(
  series: readonly Series[],
  cursorStep: number | null,
  isWhole: boolean,
): Omit<Reading, "isThinned"> {
  const points = series.map((each) => each.view());
  return {
    step: cursorStep ?? range(points)?.[1] ?? null,
    isCursor: cursorStep !== null,
    values: points.map((each) => valueAt(each, cursorStep)),
    numNotFinite: series.reduce((sum, each) => sum + each.numNotFinite, 0),
    isWhole,
  };
}

function valueAt(points: Points, step: number | null): number | undefined {
  return points.values[step === null ? points.steps.length - 1 : nearest(points, step)];
}
