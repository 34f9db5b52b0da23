import { describe, expect, it } from "vitest";
import { extremes, MAX_POINTS, Series } from "./series";

function seriesOf(points: ReadonlyArray<[number, number]>): Series {
  const series = new Series();
  for (const [step, value] of points) {
    series.add(step, value, 0);
  }
  return series;
}

function pointsOf(series: Series): Array<[number, number]> {
  const { steps, values } = series.view();
  return [...steps].map((step, index) => [step, values[index] as number]);
}

describe("a series", () => {
  it("sorts its steps", () => {
    const series = seriesOf([
      [5, 0.5],
      [1, 0.1],
      [3, 0.3],
      [9, 0.9],
    ]);
    expect(pointsOf(series)).toEqual([
      [1, 0.1],
      [3, 0.3],
      [5, 0.5],
      [9, 0.9],
    ]);
  });

  it("has each step once, with its last value", () => {
    expect(
      pointsOf(
        seriesOf([
          [1, 0.1],
          [2, 0.2],
          [1, 0.7],
        ]),
      ),
    ).toEqual([
      [1, 0.7],
      [2, 0.2],
    ]);
  });

  it("does not replace live points by loaded ones", () => {
    const series = seriesOf([
      [3, 30],
      [4, 40],
    ]);
    series.fill([
      { step: 1, value: 1, timeMs: 0 },
      { step: 3, value: 3, timeMs: 0 },
    ]);
    expect(pointsOf(series)).toEqual([
      [1, 1],
      [3, 30],
      [4, 40],
    ]);
  });

  it("stays within its bound, and keeps its extremes and its last point", () => {
    const series = new Series();
    for (let step = 0; step < 1_000_000; step += 1) {
      series.add(step, step === 500_001 ? 1_000 : Math.sin(step), 0);
    }
    const points = pointsOf(series);
    expect(points.length).toBeLessThanOrEqual(MAX_POINTS);
    expect(points.length).toBeGreaterThan(MAX_POINTS / 4);
    expect(points.at(-1)?.[0]).toBe(999_999);
    expect(points).toContainEqual([500_001, 1_000]);
    const steps = points.map(([step]) => step);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(new Set(steps).size).toBe(steps.length);
  });

  it("counts values that are not finite, also after replacing, loading and downsampling", () => {
    const series = seriesOf([
      [1, Number.NaN],
      [2, Number.POSITIVE_INFINITY],
      [3, 0.3],
    ]);
    expect(series.numNotFinite).toBe(2);
    series.add(1, 0.1, 0);
    expect(series.numNotFinite).toBe(1);
    series.fill([{ step: 0, value: Number.NaN, timeMs: 0 }]);
    expect(series.numNotFinite).toBe(2);
    for (let step = 4; step < 2 * MAX_POINTS; step += 1) {
      series.add(step, step, 0);
    }
    expect(series.numNotFinite).toBe(
      pointsOf(series).filter(([, value]) => !Number.isFinite(value)).length,
    );
  });

  it("accepts a step in between when it is full", () => {
    const series = new Series();
    for (let step = 0; step < MAX_POINTS; step += 1) {
      series.add(step * 2, step, 0);
    }
    series.add(1_001, -5, 0);
    expect(pointsOf(series)).toContainEqual([1_001, -5]);
  });
});

describe("extremes", () => {
  it("are the indices of the least, the greatest and a gap, ascending", () => {
    const values = Float64Array.from([3, 9, Number.NaN, 1, 5]);
    expect(extremes(values, 0, 5)).toEqual([1, 2, 3]);
  });

  it("are one index if all values are equal or NaN", () => {
    expect(extremes(Float64Array.from([2, 2]), 0, 2)).toEqual([0]);
    expect(extremes(Float64Array.from([Number.NaN, Number.NaN]), 0, 2)).toEqual([1]);
  });
});
