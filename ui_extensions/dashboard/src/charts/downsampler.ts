// Downsamples a curve to the pixels of a chart, keeping the least and greatest value of each pixel.

import { extremes, lowerBound, type Points } from "../live/series";

export interface View {
  /** In steps, both ends included. */
  min: number;
  max: number;
  widthPx: number;
  smoothing: number;
  isLog: boolean;
  /** Points are moved to places in their pixel that all lines have: many lines then share one axis. */
  isShared?: boolean;
}

export interface Downsampled {
  steps: number[];
  /** Powers of ten on a logarithmic axis; null for a gap in the line. */
  values: Array<number | null>;
}

/** More points per pixel than this are not distinguishable. */
const POINTS_PER_PIXEL = 2;

/** Where one, two or three points are in their pixel. */
const PLACES: ReadonlyArray<readonly number[]> = [[], [0.5], [0.25, 0.75], [0.25, 0.5, 0.75]];

/** Downsamples one metric: keeps the least and greatest value of each pixel.

It caches the result, because points appended at the end change only the last pixel. */
export class Downsampler {
  private key = "";
  private kept: Downsampled = { steps: [], values: [] };
  /** Index of the last pixel's first point, among all points and among those kept. */
  private lastFrom = 0;
  private lastKept = 0;

  downsampled(points: Points, view: View): Downsampled {
    const { steps } = points;
    // One more point on either side, so that the line continues to the edges of the view.
    const start = Math.max(0, lowerBound(steps, steps.length, view.min) - 1);
    const end = Math.min(steps.length, lowerBound(steps, steps.length, view.max) + 2);
    if (!view.isShared && end - start <= POINTS_PER_PIXEL * 2 * view.widthPx) {
      return nearView(all(points, view, start, end), view);
    }
    const key = [
      points.revision,
      start,
      view.min,
      view.max,
      view.widthPx,
      view.isLog,
      view.isShared,
    ].join();
    if (key !== this.key) {
      this.key = key;
      this.lastFrom = start;
      this.lastKept = 0;
    }
    this.extend(points, view, end);
    return nearView(this.kept, view);
  }

  private extend(points: Points, view: View, end: number): void {
    const { steps, values } = points;
    // Copies: an earlier result must not change.
    const kept = {
      steps: this.kept.steps.slice(0, this.lastKept),
      values: this.kept.values.slice(0, this.lastKept),
    };
    // Pixels have equal width in steps, not in points: a metric may be logged unevenly.
    const width = (view.max - view.min) / view.widthPx;
    let from = this.lastFrom;
    while (from < end) {
      this.lastFrom = from;
      this.lastKept = kept.steps.length;
      const pixel = Math.floor(((steps[from] as number) - view.min) / width);
      const to = lowerBound(steps, end, view.min + (pixel + 1) * width, from + 1);
      const found = extremes(values, from, to);
      found.forEach((index, place) => {
        const shared = view.min + (pixel + (PLACES[found.length]?.[place] ?? 0)) * width;
        kept.steps.push(view.isShared ? shared : (steps[index] as number));
        kept.values.push(drawn(values[index] as number, view));
      });
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

function drawn(value: number, { isLog }: View): number | null {
  if (!Number.isFinite(value) || (isLog && value <= 0)) {
    return null;
  }
  return isLog ? Math.log10(value) : value;
}

/** Cuts the lines to the points on either side of the view: a browser may hang on a line that is 1e15 px long. */
function nearView({ steps, values }: Downsampled, { min, max }: View): Downsampled {
  const width = max - min;
  const [first, last] = [steps[0], steps.at(-1)];
  const isNear = first === undefined || last === undefined || steps.length < 2;
  if (isNear || (first >= min - width && last <= max + width)) {
    return { steps, values };
  }
  const cut = { steps: [...steps], values: [...values] };
  cutEnd(cut, 0, 1, Math.max(first, min - width));
  cutEnd(cut, steps.length - 1, steps.length - 2, Math.min(last, max + width));
  return cut;
}

/** Moves the point at `index` to `step`, along its line to the point at `inner`. */
function cutEnd({ steps, values }: Downsampled, index: number, inner: number, step: number): void {
  const [from, to] = [steps[inner] as number, steps[index] as number];
  const [start, end] = [values[inner] ?? null, values[index] ?? null];
  if (step !== to) {
    const share = (step - from) / (to - from);
    steps[index] = step;
    values[index] = start === null || end === null ? null : start * (1 - share) + end * share;
  }
}
