import { describe, expect, it } from "vitest";
import { paddedRange, positionOf, powerTicksOf, rangeFrom, ticksOf, valueAt } from "./axisRange";

const MOST = 8;
const MAX = Number.MAX_VALUE;
const MIN = Number.MIN_VALUE;
const TIME_NS = 1.782e18;

/** Every pair that has made a plotting library hang, overflow or divide by zero. */
const EXTREME: ReadonlyArray<readonly [number, number]> = [
  [TIME_NS, TIME_NS],
  [TIME_NS, TIME_NS + 256],
  [0, TIME_NS],
  [-9.3e18, 9.3e18],
  [1e-30, 1],
  [MIN, MIN],
  [MIN, 3 * MIN],
  [0, MIN],
  [-MIN, MAX],
  [-MAX, MAX],
  [MAX, MAX],
  [-MAX, -MAX],
  [MAX / 2, MAX],
  [1e308, 1e308],
  [0, 0],
  [5, 5],
  [1, 1 + Number.EPSILON],
  [-1, 1],
  [123456.001, 123456.002],
];

describe.each(EXTREME)("the range of values from %d to %d", (min, max) => {
  const range = paddedRange(min, max);

  it("contains both ends", () => {
    expect(range.min).toBeLessThanOrEqual(min);
    expect(range.max).toBeGreaterThanOrEqual(max);
    expect(range.max).toBeGreaterThan(range.min);
    expect(Number.isFinite(range.max)).toBe(true);
    for (const value of [min, max]) {
      expect(positionOf(value, range)).toBeGreaterThanOrEqual(0);
      expect(positionOf(value, range)).toBeLessThanOrEqual(1);
    }
  });

  it("has few ticks, ascending and within it", () => {
    expectTicks(ticksOf(range, MOST), range);
  });
});

describe.each(EXTREME)("the range of steps from %d to %d", (min, max) => {
  const range = rangeFrom(min, max, 1);

  it("begins at its first step and has few ticks", () => {
    expect(range.max).toBeGreaterThan(range.min);
    expectTicks(ticksOf(range, MOST), range);
  });
});

it.each([
  [1e-30, 1],
  [MIN, MAX],
  [MIN, MIN],
  [1, 1],
  [0.2, 0.9],
  [1e307, MAX],
])("a logarithmic axis from %d to %d has few ticks", (min, max) => {
  const range = paddedRange(Math.log10(min), Math.log10(max));
  expectTicks(powerTicksOf(range, MOST), range);
});

it("has round ticks", () => {
  expect(ticksOf({ min: 0, max: 1 }, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticksOf({ min: -0.31, max: 0.3 }, 4)).toEqual([-0.2, 0, 0.2]);
  expect(ticksOf({ min: 3, max: 1_203 }, 6)).toEqual([200, 400, 600, 800, 1_000, 1_200]);
  expect(powerTicksOf({ min: -30.5, max: 0.5 }, 6)).toEqual([-30, -20, -10, 0]);
  const within = powerTicksOf({ min: -0.7, max: 0 }, 5).map((power) => 10 ** power);
  expect(within).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
});

it("finds the value at a position", () => {
  const range = { min: 10, max: 30 };
  expect(valueAt(positionOf(25, range), range)).toBe(25);
  expect(valueAt(0.5, { min: -MAX, max: MAX })).toBe(0);
});

function expectTicks(ticks: readonly number[], range: { min: number; max: number }): void {
  expect(ticks.length).toBeLessThanOrEqual(MOST + 1);
  expect(new Set(ticks).size).toBe(ticks.length);
  expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
  for (const tick of ticks) {
    expect(tick).toBeGreaterThanOrEqual(range.min);
    expect(tick).toBeLessThanOrEqual(range.max);
  }
}
