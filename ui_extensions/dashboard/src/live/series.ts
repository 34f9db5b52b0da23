// The points of one metric of a run, in columns of bounded size.

export const MAX_POINTS = 40_000;

export interface Points {
  steps: Float64Array;
  /** May hold NaN and infinity. */
  values: Float64Array;
  /** In ms since the Unix epoch. */
  times: Float64Array;
  /** Unchanged while points are only appended; unique among all series. */
  revision: number;
}

let newestRevision = 0;

export function newRevision(): number {
  newestRevision += 1;
  return newestRevision;
}

export class Series {
  private steps = new Float64Array(256);
  private values = new Float64Array(256);
  private times = new Float64Array(256);
  length = 0;
  /** Number of values that are NaN or infinite. */
  numNotFinite = 0;
  private revision = newRevision();

  /** The points as views of the columns, which the next `add` may change. */
  view(): Points {
    return {
      steps: this.steps.subarray(0, this.length),
      values: this.values.subarray(0, this.length),
      times: this.times.subarray(0, this.length),
      revision: this.revision,
    };
  }

  get lastStep(): number | undefined {
    return this.length ? this.steps[this.length - 1] : undefined;
  }

  get last(): number | undefined {
    return this.length ? this.values[this.length - 1] : undefined;
  }

  /** Steps may come in any order; a later value replaces an earlier one of the same step. */
  add(step: number, value: number, timeMs: number): void {
    if (!Number.isFinite(step)) {
      return;
    }
    const last = this.lastStep;
    if (last === undefined || step > last) {
      this.ensureCapacity();
      this.length += 1;
      this.put(this.length - 1, step, value, timeMs);
      return;
    }
    this.revision = newRevision();
    let index = lowerBound(this.steps, this.length, step);
    if (this.steps[index] === step) {
      this.numNotFinite -= Number.isFinite(this.values[index]) ? 0 : 1;
    } else {
      this.ensureCapacity();
      index = lowerBound(this.steps, this.length, step);
      for (const column of [this.steps, this.values, this.times]) {
        column.copyWithin(index + 1, index, this.length);
      }
      this.length += 1;
    }
    this.put(index, step, value, timeMs);
  }

  /** Adds loaded points without replacing those that were received live. */
  fill(loaded: ReadonlyArray<{ step: number; value: number; timeMs: number }>): void {
    const newer = this.view();
    const kept = {
      steps: newer.steps.slice(),
      values: newer.values.slice(),
      times: newer.times.slice(),
    };
    this.length = 0;
    this.numNotFinite = 0;
    this.revision = newRevision();
    for (const point of loaded) {
      this.add(point.step, point.value, point.timeMs);
    }
    kept.steps.forEach((step, index) => {
      this.add(step, kept.values[index] as number, kept.times[index] as number);
    });
  }

  private put(index: number, step: number, value: number, timeMs: number): void {
    this.steps[index] = step;
    this.values[index] = value;
    this.times[index] = timeMs;
    this.numNotFinite += Number.isFinite(value) ? 0 : 1;
  }

  private ensureCapacity(): void {
    if (this.length === MAX_POINTS) {
      this.downsample();
    }
    if (this.length < this.steps.length) {
      return;
    }
    const size = Math.min(MAX_POINTS, this.steps.length * 2);
    this.steps = grown(this.steps, size);
    this.values = grown(this.values, size);
    this.times = grown(this.times, size);
  }

  /** Keeps the least and the greatest of every four points, so that the curve keeps its shape. */
  private downsample(): void {
    let kept = 0;
    this.numNotFinite = 0;
    this.revision = newRevision();
    for (let start = 0; start < this.length; start += 4) {
      const end = Math.min(start + 4, this.length);
      for (const index of extremes(this.values, start, end)) {
        this.put(
          kept,
          this.steps[index] as number,
          this.values[index] as number,
          this.times[index] as number,
        );
        kept += 1;
      }
    }
    this.length = kept;
  }
}

/** The indices of the least and the greatest value in [start, end), ascending.

If some values are NaN, the index of one of them is included as a gap. */
export function extremes(values: Float64Array, start: number, end: number): number[] {
  let [least, greatest, gap] = [-1, -1, -1];
  let [lowest, highest] = [0, 0];
  for (let index = start; index < end; index += 1) {
    const value = values[index] as number;
    if (Number.isNaN(value)) {
      gap = index;
      continue;
    }
    if (least < 0 || value < lowest) {
      least = index;
      lowest = value;
    }
    if (greatest < 0 || value > highest) {
      greatest = index;
      highest = value;
    }
  }
  if (least < 0) {
    return gap < 0 ? [] : [gap];
  }
  const [first, second] = least < greatest ? [least, greatest] : [greatest, least];
  const found = first === second ? [first] : [first, second];
  return gap < 0 ? found : [...found, gap].sort((a, b) => a - b);
}

/** The first index at or after `from` whose value is at least `wanted`. */
export function lowerBound(sorted: Float64Array, length: number, wanted: number, from = 0): number {
  let low = from;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

export function grown(column: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  larger.set(column);
  return larger;
}
