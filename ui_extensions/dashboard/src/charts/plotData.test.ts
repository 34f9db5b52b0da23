import { describe, expect, it } from "vitest";
import { newRevision, type Points, Series } from "../live/series";
import { isSame, nearest, PlotDataBuilder, range, steadyEnd } from "./plotData";

function points(steps: number[], values: number[]): Points {
  return {
    steps: Float64Array.from(steps),
    values: Float64Array.from(values),
    times: new Float64Array(steps.length),
    revision: newRevision(),
  };
}

const VIEW = { min: 0, max: 10, widthPx: 100, smoothing: 0, isLog: false };

describe("the plot data", () => {
  it("puts two metrics on one axis, with undefined where only the other has a point", () => {
    const drawn = new PlotDataBuilder().build(
      [points([1, 2, 3], [0.1, 0.2, 0.3]), points([2, 4], [2, 4])],
      VIEW,
    );
    expect(drawn.steps).toEqual([1, 2, 3, 4]);
    expect(drawn.raw).toEqual([
      [0.1, 0.2, 0.3, undefined],
      [undefined, 2, undefined, 4],
    ]);
  });

  it("has a gap for NaN and infinity, and on a logarithmic axis for values that are not positive", () => {
    const metric = points([1, 2, 3, 4], [1, Number.NaN, 0, Number.POSITIVE_INFINITY]);
    expect(new PlotDataBuilder().build([metric], VIEW).raw).toEqual([[1, null, 0, null]]);
    expect(new PlotDataBuilder().build([metric], { ...VIEW, isLog: true }).raw).toEqual([
      [0, null, null, null],
    ]);
  });

  it("has powers of ten on a logarithmic axis, also of the least and greatest numbers", () => {
    const metric = points([1, 2, 3], [5e-324, 1e-30, 1e308]);
    const [values] = new PlotDataBuilder().build([metric], { ...VIEW, isLog: true }).raw;
    expect(values?.map((value) => Math.round(value ?? Number.NaN))).toEqual([-323, -30, 308]);
  });

  it("ends the line of a far point near the view, in the same direction", () => {
    const metric = points([-1e18, 1, 2, 1.7e18], [-1e18, 1, 2, 1.7e18]);
    const { steps, raw } = new PlotDataBuilder().build([metric], { ...VIEW, min: 1, max: 2 });
    expect(steps).toEqual([0, 1, 2, 3]);
    expect(raw).toEqual([[0, 1, 2, 3]]);
  });

  it("keeps the extremes when it downsamples", () => {
    const steps = Array.from({ length: 20_000 }, (_, step) => step);
    const values = steps.map((step) => (step === 12_345 ? 99 : step === 54 ? -99 : Math.sin(step)));
    const { steps: xs, raw } = new PlotDataBuilder().build([points(steps, values)], {
      ...VIEW,
      max: 19_999,
    });
    expect(xs.length).toBeLessThanOrEqual(2 * VIEW.widthPx + 4);
    expect(raw[0]).toContain(99);
    expect(raw[0]).toContain(-99);
    expect(xs.at(-1)).toBe(19_999);
  });

  it("includes one point on either side of the view, so that the line reaches the edges", () => {
    const metric = points([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]);
    expect(new PlotDataBuilder().build([metric], { ...VIEW, min: 2, max: 3 }).steps).toEqual([
      1, 2, 3, 4,
    ]);
  });

  it("smooths from the first point on, even if the view starts later", () => {
    const metric = points([0, 1, 2, 3], [10, 10, 0, 0]);
    const whole = new PlotDataBuilder().build([metric], { ...VIEW, smoothing: 0.5 }).smooth[0];
    const part = new PlotDataBuilder().build([metric], { ...VIEW, smoothing: 0.5, min: 3, max: 3 })
      .smooth[0];
    expect(part?.at(-1)).toBe(whole?.at(-1));
  });

  it("is empty for a metric without points", () => {
    expect(new PlotDataBuilder().build([points([], [])], VIEW)).toEqual({
      steps: [],
      raw: [[]],
      smooth: [],
    });
    expect(range([points([], [])])).toBeNull();
  });
});

describe("the end of the axis", () => {
  it("mostly stays when a long curve gets a point, and moves by at most a pixel", () => {
    const ends = new Set(
      Array.from({ length: 1_000 }, (_, more) => steadyEnd(0, 20_000 + more, 400, 0.3)),
    );
    expect(ends.size).toBeLessThan(40);
    for (let max = 20_000; max < 21_000; max += 1) {
      for (const phase of [0, 0.3, 0.9]) {
        const end = steadyEnd(0, max, 400, phase);
        expect(end).toBeGreaterThanOrEqual(max);
        expect(end).toBeLessThan(max + max / 400);
      }
    }
  });

  it("is the last point of a short curve", () => {
    expect(steadyEnd(0, 7, 400, 0)).toBe(7);
    expect(steadyEnd(100, 107, 400, 0)).toBe(107);
    expect(steadyEnd(5, 5, 400, 0.5)).toBe(5);
  });

  it("moves at different steps for different phases", () => {
    const moves = (phase: number) =>
      Array.from({ length: 200 }, (_, more) => 20_000 + more).filter(
        (max) => steadyEnd(0, max, 400, phase) !== steadyEnd(0, max + 1, 400, phase),
      );
    expect(moves(0.5)).not.toEqual([]);
    expect(moves(0).filter((step) => moves(0.5).includes(step))).toEqual([]);
  });

  it("keeps the drawn data unless the new point is an extreme of its pixel", () => {
    const drawn = (value: number) => {
      const steps = Array.from({ length: 20_001 }, (_, step) => step);
      const values = steps.map((step) => (step === 20_000 ? value : step % 2));
      const view = { ...VIEW, max: steadyEnd(0, 20_000, VIEW.widthPx, 0) };
      return new PlotDataBuilder().build([points(steps, values)], view);
    };
    expect(isSame(drawn(0.5).steps, drawn(0.6).steps)).toBe(true);
    expect(isSame(drawn(0.5).raw[0] ?? [], drawn(0.6).raw[0] ?? [])).toBe(true);
    expect(isSame(drawn(0.5).raw[0] ?? [], drawn(2).raw[0] ?? [])).toBe(false);
  });
});

describe("the nearest point", () => {
  const metric = points([10, 20, 30], [1, 2, 3]);

  it.each([
    [0, 0],
    [14, 0],
    [16, 1],
    [30, 2],
    [99, 2],
  ])("to step %d is number %d", (step, index) => {
    expect(nearest(metric, step)).toBe(index);
  });

  it("is -1 without points", () => {
    expect(nearest(points([], []), 5)).toBe(-1);
  });
});

it("puts many lines on the few steps that a chart can show, within half a pixel", () => {
  const lines = Array.from({ length: 50 }, (_, line) => {
    const series = new Series();
    for (let point = 0; point < 2_000; point += 1) {
      series.add(point * 10 + line / 7, Math.sin(point / 50) + line, 0);
    }
    return series.view();
  });
  const view = { min: 0, max: 20_000, widthPx: 400, smoothing: 0, isLog: false, isShared: true };
  const { steps, raw } = new PlotDataBuilder().build(lines, view);
  expect(steps.length).toBeLessThanOrEqual(3 * 402);
  const drawn = steps.flatMap((step, index) => {
    const value = raw[7]?.[index];
    return value === undefined || value === null ? [] : [{ step, value }];
  });
  expect(drawn.length).toBeGreaterThan(400);
  for (const { step, value } of drawn) {
    const nearest = Math.min(
      ...[-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5].map((by) =>
        Math.abs(Math.sin((Math.round((step - 1) / 10) + by) / 50) + 7 - value),
      ),
    );
    expect(nearest).toBeLessThan(0.02);
  }
});
