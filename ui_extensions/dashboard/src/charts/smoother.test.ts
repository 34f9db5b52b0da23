import { describe, expect, it } from "vitest";
import { Series } from "../live/series";
import { Smoother } from "./smoother";

function seriesOf(values: readonly number[]): Series {
  const series = new Series();
  values.forEach((value, step) => series.add(step, value, 0));
  return series;
}

function fromScratch(series: Series, weight: number): number[] {
  return [...new Smoother().smoothed(series.view(), weight).values];
}

describe("smoothing", () => {
  it("starts at the first value, not at 0", () => {
    const averages = fromScratch(seriesOf([4, 4, 4]), 0.9);
    expect(averages.map((value) => value.toFixed(9))).toEqual([
      "4.000000000",
      "4.000000000",
      "4.000000000",
    ]);
  });

  it("skips a gap", () => {
    const averages = fromScratch(seriesOf([1, Number.NaN, 1]), 0.5);
    expect(averages[1]).toBeNaN();
    expect(averages[2]).toBeCloseTo(1);
  });

  it("gives the same for appended points as for all points at once", () => {
    const series = seriesOf([5, 1, Number.NaN, 8]);
    const smoother = new Smoother();
    const { revision } = smoother.smoothed(series.view(), 0.8);
    for (let step = 4; step < 3_000; step += 1) {
      series.add(step, Math.sin(step), 0);
      if (step % 7 === 0) {
        smoother.smoothed(series.view(), 0.8);
      }
    }
    const points = smoother.smoothed(series.view(), 0.8);
    expect([...points.values]).toEqual(fromScratch(series, 0.8));
    expect(points.revision).toBe(revision);
  });

  it("starts over when a point is inserted, or the weight changes", () => {
    const series = seriesOf([1, 2, 3]);
    const smoother = new Smoother();
    const first = smoother.smoothed(series.view(), 0.5).revision;
    series.add(1, 20, 0);
    const second = smoother.smoothed(series.view(), 0.5);
    expect([...second.values]).toEqual(fromScratch(series, 0.5));
    const third = smoother.smoothed(series.view(), 0.9);
    expect([...third.values]).toEqual(fromScratch(series, 0.9));
    expect(new Set([first, second.revision, third.revision]).size).toBe(3);
  });
});
