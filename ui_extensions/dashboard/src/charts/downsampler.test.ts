import { expect, it } from "vitest";
import { MOST_POINTS, Series } from "../live/series";
import { Downsampler, type View } from "./downsampler";

const VIEW: View = { min: 0, max: 5_000, widthPx: 50, smoothing: 0, isLog: false };

function valueAt(step: number): number {
  return step % 97 === 0 ? Number.NaN : Math.sin(step * 12.9898) - 0.1;
}

/** What the one who remembers keeps must be what one keeps who sees all points for the first time. */
function expectSame(remembering: Downsampler, series: Series, view: View): void {
  expect(remembering.downsampled(series.view(), view)).toEqual(
    new Downsampler().downsampled(series.view(), view),
  );
}

it("remembers what it kept, while points come behind the others", () => {
  const series = new Series();
  const remembering = new Downsampler();
  // A point more at a time, and many, also beyond the end of the view.
  for (let step = 0; step < 6_000; step += 1) {
    series.add(step, valueAt(step), 0);
    if (step < 400 || step % 113 === 0) {
      expectSame(remembering, series, VIEW);
    }
  }
  expectSame(remembering, series, VIEW);
});

it("forgets it when a point is put in between, is replaced, or the points are downsampled out", () => {
  const series = new Series();
  const remembering = new Downsampler();
  for (let step = 0; step < 4_000; step += 2) {
    series.add(step, valueAt(step), 0);
  }
  expectSame(remembering, series, VIEW);
  series.add(1_001, 50, 0);
  expectSame(remembering, series, VIEW);
  series.add(1_000, -50, 0);
  expectSame(remembering, series, VIEW);
  for (let step = 4_000; step < MOST_POINTS + 4_000; step += 1) {
    series.add(step, valueAt(step), 0);
  }
  expectSame(remembering, series, VIEW);
  expectSame(remembering, series, { ...VIEW, max: MOST_POINTS });
});

it("forgets it for another part, another width and another axis", () => {
  const series = new Series();
  const remembering = new Downsampler();
  for (let step = 0; step < 5_000; step += 1) {
    series.add(step, valueAt(step), 0);
  }
  for (const change of [{}, { min: 700 }, { max: 4_000 }, { widthPx: 70 }, { isLog: true }, {}]) {
    expectSame(remembering, series, { ...VIEW, ...change });
    series.add(5_000 + series.length, 1, 0);
    expectSame(remembering, series, { ...VIEW, ...change });
  }
});

it("leaves alone what it gave away", () => {
  const series = new Series();
  const remembering = new Downsampler();
  for (let step = 0; step < 4_000; step += 1) {
    series.add(step, valueAt(step), 0);
  }
  const given = remembering.downsampled(series.view(), VIEW);
  const copy = structuredClone(given);
  series.add(4_000, 1_000, 0);
  remembering.downsampled(series.view(), VIEW);
  expect(given).toEqual(copy);
});
