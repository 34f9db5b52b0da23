// Of more points than a chart has pixels, those that show what all of them would.

import { extremes, lowerBound, type Points } from "../live/series";

export interface View {
  /** In steps, both ends shown. */
  min: number;
  max: number;
  widthPx: number;
  smoothing: number;
  isLog: boolean;
}

export interface Downsampled {
  steps: number[];
  /** Null where there is nothing to draw. */
  values: Array<number | null>;
}

/** More points than this to a pixel's width cannot be told apart. */
const POINTS_PER_PIXEL = 2;

/** Keeps of each pixel's width the least and the greatest value of one metric.

It remembers what it kept: points that come behind the others change only the last pixel. */
export class Downsampler {
  private key = "";
  private kept: Downsampled = { steps: [], values: [] };
  /** Where the last pixel begins: among the points, and among those that were kept. */
  private lastFrom = 0;
  private lastKept = 0;

  downsampled(points: Points, view: View): Downsampled {
    const { steps } = points;
    // One point on either side of the view, to which the line goes on.
    const start = Math.max(0, lowerBound(steps, steps.length, view.min) - 1);
    const end = Math.min(steps.length, lowerBound(steps, steps.length, view.max) + 2);
    if (end - start <= POINTS_PER_PIXEL * 2 * view.widthPx) {
      return all(points, view, start, end);
    }
    const key = [points.revision, start, view.min, view.max, view.widthPx, view.isLog].join();
    if (key !== this.key) {
      this.key = key;
      this.lastFrom = start;
      this.lastKept = 0;
    }
    this.goOn(points, view, end);
    return this.kept;
  }

  private goOn(points: Points, view: View, end: number): void {
    const { steps, values } = points;
    // What was given away before stays as it was.
    const kept = {
      steps: this.kept.steps.slice(0, this.lastKept),
      values: this.kept.values.slice(0, this.lastKept),
    };
    // Pixels are of equal width in steps, not in points: a metric may be logged unevenly.
    const width = (view.max - view.min) / view.widthPx;
    let from = this.lastFrom;
    while (from < end) {
      this.lastFrom = from;
      this.lastKept = kept.steps.length;
      const pixel = Math.floor(((steps[from] as number) - view.min) / width);
      const to = lowerBound(steps, end, view.min + (pixel + 1) * width, from + 1);
      for (const index of extremes(values, from, to)) {
        kept.steps.push(steps[index] as number);
        kept.values.push(drawn(values[index] as number, view));
      }
      from = to;
    }
    this.kept = kept;
  }
}

function all({ steps, values }: Points, view: View, start: number, end: number): Downsampled {
  return {
    steps: Array.from(steps.subarray(start, end)),
    values: Array.from(values.subarray(start, end), (value) => drawn(value, view)),
  };
}

function drawn(value: number, view: View): number | null {
  return Number.isFinite(value) && !(view.isLog && value <= 0) ? value : null;
}
