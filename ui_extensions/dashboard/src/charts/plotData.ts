// Builds the data that uPlot draws from the points of a chart's metrics.

import { lowerBound, type Points } from "../live/series";
import { Smoother } from "./smoother";
import { type Downsampled, Downsampler, type View } from "./downsampler";

/** A metric's values for uPlot: null is a gap, undefined a step at which only other metrics have a point. */
export type Column = Array<number | null | undefined>;

export interface PlotData {
  steps: number[];
  /** One column per metric, unsmoothed. */
  raw: Column[];
  /** One smoothed column per metric; empty without smoothing. */
  smooth: Column[];
}

/** Builds the data of one chart, with a cache per metric because a new point changes little. */
export class PlotDataBuilder {
  private readonly lines: Line[] = [];

  build(metrics: readonly Points[], view: View): PlotData {
    const lines = metrics.map((_, index) => (this.lines[index] ??= new Line()));
    const raw = lines.map((line, index) => line.raw(metrics[index] as Points, view));
    const smooth =
      view.smoothing > 0
        ? lines.map((line, index) => line.smooth(metrics[index] as Points, view))
        : [];
    const merged = merge([...raw, ...smooth]);
    return {
      steps: merged.steps,
      raw: merged.columns.slice(0, raw.length),
      smooth: merged.columns.slice(raw.length),
    };
  }
}

class Line {
  private readonly rawDownsampler = new Downsampler();
  private readonly smoother = new Smoother();
  private readonly smoothDownsampler = new Downsampler();

  raw(points: Points, view: View): Downsampled {
    return this.rawDownsampler.downsampled(points, view);
  }

  smooth(points: Points, view: View): Downsampled {
    return this.smoothDownsampler.downsampled(this.smoother.smoothed(points, view.smoothing), view);
  }
}

/** The first and last step of all metrics; null without points. */
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

/** The end of an axis from `min` to `max`, which grows by about one pixel's width at a time.

A new point then does not shift all others by a fraction of a pixel, so nothing is redrawn. Charts
with different `phase`, from 0 to below 1, grow at different steps and are not all redrawn at once. */
export function steadyEnd(min: number, max: number, widthPx: number, phase: number): number {
  if (max <= min) {
    return max;
  }
  const unit = 2 ** Math.floor(Math.log2((max - min) / widthPx));
  return min + (Math.ceil((max - min) / unit - phase) + phase) * unit;
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

/** Puts all columns on one axis of steps. */
function merge(parts: readonly Downsampled[]): { steps: number[]; columns: Column[] } {
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
