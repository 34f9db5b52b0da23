import { expect, it } from "vitest";
import { formatsOf } from "../../../live/formatting";
import { newRevision, type Points } from "../live/series";
import { PlotDataBuilder } from "./plotData";
import { scaledPlot } from "./plotScales";
import { tickLabels } from "./tickLabels";

const FORMAT = formatsOf("en-GB").metric;
const SCALING = { perUnit: 1, heightPx: 200, format: FORMAT };
const VIEW = { min: 0, max: 10, widthPx: 400, smoothing: 0, isLog: false };

function points(steps: number[], values: number[]): Points {
  return {
    steps: Float64Array.from(steps),
    values: Float64Array.from(values),
    times: new Float64Array(steps.length),
    revision: newRevision(),
  };
}

it("puts the data between 0 and 1", () => {
  const data = new PlotDataBuilder().build([points([0, 5, 10], [1, 2, 3])], VIEW);
  const { steps, lines, y } = scaledPlot(data, VIEW, SCALING);
  expect(steps).toEqual([0, 0.5, 1]);
  expect(lines[0]?.[1]).toBeCloseTo(0.5);
  expect(y.labels).toEqual(["1", "1.5", "2", "2.5", "3"]);
});

it("counts epochs if the axis does", () => {
  const view = { ...VIEW, max: 400 };
  const data = new PlotDataBuilder().build([points([0, 400], [1, 2])], view);
  const { x } = scaledPlot(data, view, { ...SCALING, perUnit: 100 });
  expect(x.labels).toEqual(["0", "1", "2", "3", "4"]);
  expect(x.range).toEqual({ min: 0, max: 400 });
});

it("keeps the range of what is visible, and a line to a far value upright", () => {
  const view = { ...VIEW, min: 1, max: 2 };
  const data = new PlotDataBuilder().build([points([1, 2, 2.5], [0, 1, 1e300])], view);
  const { lines, y } = scaledPlot(data, view, SCALING);
  expect(y.range.max).toBeLessThan(2);
  expect(lines[0]?.[2]).toBe(1_000);
});

it("has room for a line that enters and leaves the view between two points", () => {
  const view = { ...VIEW, min: 4, max: 6 };
  const data = new PlotDataBuilder().build([points([3, 5, 7], [10, 0, 20])], view);
  const { y } = scaledPlot(data, view, SCALING);
  expect(y.range.min).toBeCloseTo(-0.6);
  expect(y.range.max).toBeCloseTo(10.6);
});

it("has only gaps where no value can be drawn", () => {
  const view = { ...VIEW, isLog: true };
  const data = new PlotDataBuilder().build([points([1, 2], [-1, Number.NaN])], view);
  const { lines, y } = scaledPlot(data, view, SCALING);
  expect(lines).toEqual([[null, null]]);
  expect(y.labels.length).toBeGreaterThan(1);
});

it("labels ticks that round to the same number by their distance from the first", () => {
  expect(tickLabels([1.78e18, 1.78e18 + 1e9, 1.78e18 + 2e9], FORMAT)).toEqual([
    "1.78E18",
    "+1E9",
    "+2E9",
  ]);
  expect(tickLabels([0, 1], FORMAT)).toEqual(["0", "1"]);
  expect(tickLabels([], FORMAT)).toEqual([]);
});
