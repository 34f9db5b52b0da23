// From the points of a few metrics to what a chart of so many pixels draws of them.

import { extremes, lowerBound, type Points } from "../live/series";

/** Steps of an epoch where the axis counts epochs, 1 where it counts steps. */
export type StepsPerUnit = number;

export interface View {
  /** In steps, both ends shown. */
  min: number;
  max: number;
  widthPx: number;
  smoothing: number;
  isLog: boolean;
}

/** Of a metric, for uPlot: null is a gap, undefined a place where only other metrics have a point. */
export type Column = Array<number | null | undefined>;

export interface Plotted {
  xs: number[];
  /** As measured, one for each metric. */
  raw: Column[];
  /** Smoothed ones; empty without smoothing. */
  smooth: Column[];
}

interface Thinned {
  steps: number[];
  values: Array<number | null>;
}

/** More points than this to a pixel's width cannot be told apart. */
const POINTS_PER_PIXEL = 2;

export function plotted(metrics: readonly Points[], view: View, perUnit: StepsPerUnit): Plotted {
  const parts = metrics.map((points) => inView(points, view));
  const raw = parts.map((part) => thinned(part, view));
  const smooth =
    view.smoothing > 0
      ? metrics.map((points, index) => {
          const values = smoothed(points.values, view.smoothing);
          const { start, end } = parts[index] as Part;
          return thinned({ points: { ...points, values }, start, end }, view);
        })
      : [];
  const merged = merge([...raw, ...smooth]);
  const xs = perUnit === 1 ? merged.steps : merged.steps.map((step) => step / perUnit);
  return {
    xs,
    raw: merged.columns.slice(0, raw.length),
    smooth: merged.columns.slice(raw.length),
  };
}

/** From the first to the last step of all, or null where there is no point. */
export function range(metrics: readonly Points[]): [number, number] | null {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { steps } of metrics) {
    if (steps.length > 0) {
      min = Math.min(min, steps[0] as number);
      max = Math.max(max, steps[steps.length - 1] as number);
    }
  }
  return min <= max ? [min, max] : null;
}

/** Where an axis from `min` to `max` ends: it grows by about a pixel's width at a time.

So one point more does not move all the others by a part of a pixel, and what is drawn stays drawn. */
export function steadyEnd(min: number, max: number, widthPx: number): number {
  if (max <= min) {
    return max;
  }
  const unit = 2 ** Math.floor(Math.log2((max - min) / widthPx));
  return min + Math.ceil((max - min) / unit) * unit;
}

/** Exponential moving average without the pull towards 0 of its beginning; gaps stay gaps. */
export function smoothed(values: Float64Array, weight: number): Float64Array {
  const result = new Float64Array(values.length);
  let sum = 0;
  let total = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (Number.isFinite(value)) {
      sum = weight * sum + value;
      total = weight * total + 1;
      result[index] = sum / total;
    } else {
      result[index] = Number.NaN;
    }
  }
  return result;
}

/** The index of the point nearest to `step`, or -1. */
export function nearest({ steps }: Points, step: number): number {
  const after = lowerBound(steps, steps.length, step);
  if (after === 0) {
    return steps.length > 0 ? 0 : -1;
  }
  if (after === steps.length) {
    return after - 1;
  }
  const isCloser = (steps[after] as number) - step < step - (steps[after - 1] as number);
  return isCloser ? after : after - 1;
}

interface Part {
  points: Points;
  start: number;
  end: number;
}

/** The points in view and one on either side, to which the line goes on. */
function inView(points: Points, { min, max }: View): Part {
  const { steps } = points;
  const start = Math.max(0, lowerBound(steps, steps.length, min) - 1);
  const end = Math.min(steps.length, lowerBound(steps, steps.length, max) + 2);
  return { points, start, end: Math.max(start, end) };
}

function thinned({ points, start, end }: Part, view: View): Thinned {
  const { steps, values } = points;
  const drawn = (value: number): number | null =>
    Number.isFinite(value) && !(view.isLog && value <= 0) ? value : null;
  const kept: Thinned = { steps: [], values: [] };
  const keep = (index: number): void => {
    kept.steps.push(steps[index] as number);
    kept.values.push(drawn(values[index] as number));
  };
  if (end - start <= POINTS_PER_PIXEL * 2 * view.widthPx) {
    for (let index = start; index < end; index += 1) {
      keep(index);
    }
    return kept;
  }
  // Columns are of equal width in steps, not in points: a metric may be logged unevenly.
  const width = (view.max - view.min) / view.widthPx;
  let from = start;
  while (from < end) {
    const column = Math.floor(((steps[from] as number) - view.min) / width);
    const to = lowerBound(steps, end, view.min + (column + 1) * width, from + 1);
    for (const index of extremes(values, from, to)) {
      keep(index);
    }
    from = to;
  }
  return kept;
}

/** All columns over the steps of all. */
function merge(parts: readonly Thinned[]): { steps: number[]; columns: Column[] } {
  const [first] = parts;
  if (first && parts.every((part) => isSame(part.steps, first.steps))) {
    return { steps: first.steps, columns: parts.map((part) => part.values) };
  }
  const steps: number[] = [];
  const columns: Column[] = parts.map(() => []);
  const at = parts.map(() => 0);
  for (;;) {
    let next = Number.POSITIVE_INFINITY;
    parts.forEach((part, index) => {
      next = Math.min(next, part.steps[at[index] as number] ?? Number.POSITIVE_INFINITY);
    });
    if (next === Number.POSITIVE_INFINITY) {
      return { steps, columns };
    }
    steps.push(next);
    parts.forEach((part, index) => {
      const here = at[index] as number;
      const isHere = part.steps[here] === next;
      columns[index]?.push(isHere ? part.values[here] : undefined);
      at[index] = here + (isHere ? 1 : 0);
    });
  }
}

type Values = ArrayLike<number | null | undefined>;

export function isSame(a: Values, b: Values): boolean {
  if (a === b) {
    return true;
  }
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) {
      return false;
    }
  }
  return a.length === b.length;
}
