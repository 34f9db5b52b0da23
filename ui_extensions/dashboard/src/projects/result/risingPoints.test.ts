import { expect, it } from "vitest";
import { rising } from "./risingPoints";

it("keeps the upright parts of a curve in their order", () => {
  const [xs, ys] = rising([
    { x: 0, y: 0 },
    { x: 0, y: 0.5 },
    { x: 0, y: 0.7 },
    { x: 1, y: 1 },
  ]);
  expect(ys).toEqual([0, 0.5, 0.7, 1]);
  expect(xs.every((x, index) => index === 0 || x > (xs[index - 1] as number))).toBe(true);
  expect(xs[2]).toBeCloseTo(0, 6);
});

it("turns a falling curve around", () => {
  expect(
    rising([
      { x: 1, y: 0.1 },
      { x: 0.5, y: 0.6 },
      { x: 0.5, y: 0.8 },
      { x: 0, y: 1 },
    ])[1],
  ).toEqual([1, 0.8, 0.6, 0.1]);
});
