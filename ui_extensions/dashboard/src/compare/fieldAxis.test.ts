import { expect, it } from "vitest";
import type { RunComparison } from "../../../live/schemas";
import { fieldAxis, valuesOf } from "./fieldAxis";

it("reads params as numbers if all of them are", () => {
  const comparison = {
    params: [
      { name: "lr", values: ["1e-3", null, "0.1"] },
      { name: "model", values: ["7", "vit", null] },
    ],
    metrics: [{ name: "loss", values: [1, null, 2] }],
  } as unknown as RunComparison;
  expect(valuesOf("params.lr", comparison)).toEqual([0.001, null, 0.1]);
  expect(valuesOf("params.model", comparison)).toEqual(["7", "vit", null]);
  expect(valuesOf("metrics.loss", comparison)).toEqual([1, null, 2]);
  expect(valuesOf("params.none", comparison)).toEqual([]);
});

it("puts numbers that are far apart on a logarithmic axis", () => {
  expect(fieldAxis([1e-5, 1e-3, 1e-1]).isLog).toBe(true);
  expect(fieldAxis([1, 2]).isLog).toBe(false);
  expect(fieldAxis([-1, 1000]).isLog).toBe(false);
});

it.each([[[1e-30, 1e300]], [[-1.7e308, 1.7e308]], [[5, 5]], [[0, 5e-324]], [[null, 3]]])(
  "has positions from 0 to 1 for %j",
  (values) => {
    const { positions, ticks } = fieldAxis(values);
    for (const at of [...positions, ...ticks.map((tick) => tick.at)]) {
      if (at !== null) {
        expect(at).toBeGreaterThanOrEqual(0);
        expect(at).toBeLessThanOrEqual(1);
      }
    }
  },
);

it("has few labels, however many texts there are", () => {
  const axis = fieldAxis(Array.from({ length: 30 }, (_, index) => `text ${index}`));
  expect(axis.ticks.length).toBeLessThanOrEqual(8);
  expect(new Set(axis.positions).size).toBe(30);
});

it("has no positions without values", () => {
  expect(fieldAxis([null, null])).toEqual({ positions: [null, null], ticks: [], isLog: false });
});
