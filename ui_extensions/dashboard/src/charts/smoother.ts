// Smooths one metric with a moving average.

import { grown, newRevision, type Points } from "../live/series";

/** Exponential moving average with bias correction; gaps stay gaps.

It continues from its last point: appended points do not change earlier averages. */
export class Smoother {
  private averages = new Float64Array(0);
  private length = 0;
  private sum = 0;
  private total = 0;
  private revision = 0;
  private sourceRevision = -1;
  private weight = 0;

  /** `weight`, from 0 to below 1, is the weight of the previous average. */
  smoothed({ steps, values, times, revision }: Points, weight: number): Points {
    if (revision !== this.sourceRevision || weight !== this.weight || values.length < this.length) {
      [this.sourceRevision, this.weight, this.revision] = [revision, weight, newRevision()];
      [this.length, this.sum, this.total] = [0, 0, 0];
    }
    if (values.length > this.averages.length) {
      this.averages = grown(this.averages, 2 * values.length);
    }
    for (; this.length < values.length; this.length += 1) {
      this.averages[this.length] = this.next(values[this.length] as number);
    }
    const averages = this.averages.subarray(0, this.length);
    return { steps, values: averages, times, revision: this.revision };
  }

  private next(value: number): number {
    if (!Number.isFinite(value)) {
      return Number.NaN;
    }
    this.sum = this.weight * this.sum + value;
    this.total = this.weight * this.total + 1;
    if (!Number.isFinite(this.sum)) {
      // Numbers near the largest of all overflow: the average starts again.
      [this.sum, this.total] = [value, 1];
    }
    return this.sum / this.total;
  }
}
