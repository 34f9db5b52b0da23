import { expect, it } from "vitest";
import { MAX_POINTS, Series } from "../live/series";
import { Downsampler, type View } from "./downsampler";

const VIEW: View = { min: 0, max: 5_000, widthPx: 50, smoothing: 0, isLog: false };

function valueAt(step: number): number {
  return step % 97 === 0 ? Number.NaN : Math.sin(step * 12.9898) - 0.1;
}

/** A downsampler with a cache must return what a new one returns. */
function expectSame(caching: Downsampler, series: Series, view: View): void {
  expect(caching.downsampled(series.view(), view)).toEqual(
    new Downsampler().downsampled(series.view(), view),
  );
}

it("returns the same with its cache while points are appended", () => {
  const series = new Series();
  const caching = new Downsampler();
  // One point at a time, then many, some of them beyond the end of the view.
  for (let step = 0; step < 6_000; step += 1) {
    series.add(step, valueAt(step), 0);
    if (step < 400 || step % 113 === 0) {
      expectSame(caching, series, VIEW);
    }
  }
  expectSame(caching, series, VIEW);
});

it("drops its cache when a point is inserted or replaced, or the series is downsampled", () => {
  const series = new Series();
  const caching = new Downsampler();
  for (let step = 0; step < 4_000; step += 2) {
    series.add(step, valueAt(step), 0);
  }
  expectSame(caching, series, VIEW);
  series.add(1_001, 50, 0);
  expectSame(caching, series, VIEW);
  series.add(1_000, -50, 0);
  expectSame(caching, series, VIEW);
  for (let step = 4_000; step < MAX_POINTS + 4_000; step += 1) {
    series.add(step, valueAt(step), 0);
  }
  expectSame(caching, series, VIEW);
  expectSame(caching, series, { ...VIEW, max: MAX_POINTS });
});

it("drops its cache for another range, width or axis", () => {
  const series = new Series();
  const caching = new Downsampler();
  for (let step = 0; step < 5_000; step += 1) {
    series.add(step, valueAt(step), 0);
  }
  for (const change of [{}, { min: 700 }, { max: 4_000 }, { widthPx: 70 }, { isLog: true }, {}]) {
    expectSame(caching, series, { ...VIEW, ...change });
    series.add(5_000 + series.length, 1, 0);
    expectSame(caching, series, { ...VIEW, ...change });
  }
});

it("does not change an earlier result", () => {
  const series = new Series();
  const caching = new Downsampler();
  for (let step = 0; step < 4_000; step += 1) {
    series.add(step, valueAt(step), 0);
  }
  const earlier = caching.downsampled(series.view(), VIEW);
  const copy = structuredClone(earlier);
  series.add(4_000, 1_000, 0);
  caching.downsampled(series.view(), VIEW);
  expect(earlier).toEqual(copy);
});
