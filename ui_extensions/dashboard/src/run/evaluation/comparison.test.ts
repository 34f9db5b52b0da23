import { describe, expect, it } from "vitest";
import type { EpochDetails } from "../../../../live/schemas";
import { CATALOG } from "../../metrics/catalogExample";
import { compared as comparedWith, partOf, valuesOf } from "./comparison";
import { fakeEpoch, fakeMetrics } from "./fakeEpochs";

type Values = Parameters<typeof fakeMetrics>[0];

const epoch = (number: number, values: Values): EpochDetails =>
  fakeEpoch(number, { metrics: fakeMetrics(values) });

const compared = (epochs: readonly EpochDetails[]) => comparedWith(epochs, CATALOG);

const rowOf = (name: string, ...epochs: EpochDetails[]) =>
  compared(epochs).find((metric) => metric.name === name);

describe("a comparison", () => {
  it("rates a lower loss as better", () => {
    const row = rowOf("val/loss", epoch(1, { loss: { val: 2 } }), epoch(5, { loss: { val: 1.5 } }));
    expect(row?.values).toEqual([
      { value: 2, difference: undefined, rating: "none", isBest: false },
      { value: 1.5, difference: -0.5, rating: "better", isBest: true },
    ]);
  });

  it("rates a higher accuracy as better", () => {
    const row = rowOf(
      "val/accuracy",
      epoch(1, { accuracy: { val: 0.75 } }),
      epoch(2, { accuracy: { val: 0.5 } }),
    );
    expect(row?.values.map(({ rating, isBest }) => [rating, isBest])).toEqual([
      ["none", true],
      ["worse", false],
    ]);
  });

  it("has no best value if all are equal or no direction is better", () => {
    const same = [epoch(1, { f1_score: 1 }), epoch(2, { f1_score: 1 })];
    expect(rowOf("val/f1", ...same)?.values.map(({ isBest }) => isBest)).toEqual([false, false]);
    expect(rowOf("val/f1", ...same)?.values[1]?.rating).toBe("same");
    const rates = [epoch(1, { learning_rate: 1 }), epoch(2, { learning_rate: 2 })];
    expect(rowOf("train/learning_rate", ...rates)?.values[1]).toEqual({
      value: 2,
      difference: 1,
      rating: "none",
      isBest: false,
    });
  });

  it("shows NaN, and has no difference to it", () => {
    const broken = epoch(2, { loss: { val: null }, not_finite: { "val/loss": "NaN" } });
    const row = rowOf("val/loss", epoch(1, { loss: { val: 2 } }), broken, epoch(3, {}));
    expect(row?.values.map(({ value, difference }) => [value, difference])).toEqual([
      [2, undefined],
      [Number.NaN, undefined],
      [undefined, undefined],
    ]);
  });

  it("lists the metrics of all epochs", () => {
    const RAO = {
      sensitivity: 0.5,
      threshold: 0.99,
      status: "critical" as const,
      support: 8,
      confidence_interval: null,
    };
    const names = compared([
      epoch(1, { other: { zeta: 1, "val/kappa": 1 }, per_class: { a: 1 } }),
      epoch(2, {
        loss: { val: 1 },
        critical_conditions: { RAO },
      }),
    ]).map(({ name }) => name);
    expect(names.sort()).toEqual(["critical/RAO", "per_class/a", "val/kappa", "val/loss", "zeta"]);
  });

  it("covers the main metrics, the classes, or all", () => {
    const all = compared([epoch(1, { loss: { val: 1 }, per_class: { a: 1 }, other: { x: 1 } })]);
    const names = (part: Parameters<typeof partOf>[1]) =>
      partOf(all, part, CATALOG).map(({ name }) => name);
    expect(names("main")).toEqual(["val/loss"]);
    expect(names("classes")).toEqual(["per_class/a"]);
    expect(names("all")).toEqual(["val/loss", "x", "per_class/a"]);
    const foreign = compared([epoch(1, { other: { acc: 1 }, per_class: { a: 1 } })]);
    expect(partOf(foreign, "main", CATALOG).map(({ name }) => name)).toEqual(["acc"]);
  });

  it("leaves out the metric epoch", () => {
    expect([...valuesOf(epoch(3, { other: { epoch: 3 } }).metrics, CATALOG).keys()]).toEqual([]);
  });
});
