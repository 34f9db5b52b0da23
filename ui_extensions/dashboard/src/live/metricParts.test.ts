import { expect, it } from "vitest";
import type { MetricPoint, MetricsData } from "../../../live/schemas";
import { MetricsMerger } from "./metricParts";

function metrics(part: Partial<MetricsData> = {}): MetricsData {
  return {
    loss: { train: null, val: null },
    accuracy: { train: null, val: null },
    auc_roc: { macro: null, weighted: null },
    f1_score: null,
    learning_rate: null,
    critical_conditions: {},
    per_class: {},
    other: {},
    not_finite: {},
    ...part,
  };
}

const points = (...names: string[]): MetricPoint[] =>
  names.map((metric) => ({ metric, value: 0, not_finite: null, step: 1, timestamp: "" }));

it("adds the entries of an update, and replaces all other fields", () => {
  const known = metrics({ other: { a: 1, b: 1 }, f1_score: 0.5 });
  const update = metrics({ other: { b: 2 }, loss: { train: 0.25, val: null } });
  const merged = new MetricsMerger().update(known, update, points("b"));
  expect(merged).toEqual(metrics({ other: { a: 1, b: 2 }, loss: { train: 0.25, val: null } }));
  expect(known.other).toEqual({ a: 1, b: 1 });
});

it("forgets that a written value was not finite", () => {
  const known = metrics({ other: { a: null, b: null }, not_finite: { a: "NaN", b: "NaN" } });
  const update = metrics({ other: { a: 1 } });
  expect(new MetricsMerger().update(known, update, points("a")).not_finite).toEqual({ b: "NaN" });
});

it("copies the maps of a run once in a batch", () => {
  const merger = new MetricsMerger();
  const first = merger.update(metrics(), metrics({ other: { a: 1 } }), points("a"));
  const second = merger.update(first, metrics({ other: { b: 2 } }), points("b"));
  expect(second.other).toBe(first.other);
  expect(second.other).toEqual({ a: 1, b: 2 });
});

it("adds the entries of a page, and keeps all other fields", () => {
  const known = metrics({ f1_score: 0.5, other: { a: 1 } });
  const merged = new MetricsMerger().page(known, metrics({ other: { b: 2 }, per_class: { c: 1 } }));
  expect(merged).toEqual(metrics({ f1_score: 0.5, other: { a: 1, b: 2 }, per_class: { c: 1 } }));
});

it("keeps a metric of any name", () => {
  const update = metrics({ other: JSON.parse('{"__proto__": 1, "constructor": 2}') as never });
  const { other } = new MetricsMerger().update(metrics(), update, points("__proto__"));
  expect(Object.entries(other)).toEqual([
    ["__proto__", 1],
    ["constructor", 2],
  ]);
});
