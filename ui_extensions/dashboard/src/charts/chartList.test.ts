import { expect, it } from "vitest";
import type { MetricsData } from "../../../live/schemas";
import { chartList, metricNames } from "./chartList";

const NOTHING: MetricsData = {
  loss: { train: null, val: null },
  accuracy: { train: null, val: null },
  auc_roc: { macro: null, weighted: null },
  f1_score: null,
  learning_rate: null,
  critical_conditions: {},
  per_class: {},
  other: {},
  not_finite: {},
};

it("names what the run has logged as MLflow does", () => {
  const names = metricNames({
    ...NOTHING,
    loss: { train: 0.5, val: null },
    per_class: { "<b>": 0.5 },
    critical_conditions: {
      RAO: {
        sensitivity: 0.9,
        threshold: 0.99,
        status: "warning",
        support: 13,
        confidence_interval: null,
      },
      CNV: {
        sensitivity: null,
        threshold: 0.98,
        status: "no_data",
        support: null,
        confidence_interval: null,
      },
    },
    other: { "my/metric": 1 },
    not_finite: { "val/loss": "NaN" },
  });
  expect(names).toEqual([
    "train/loss",
    "val/loss",
    "per_class/<b>",
    "critical/RAO",
    "critical_support/RAO",
    "my/metric",
  ]);
  expect(metricNames(NOTHING)).toEqual([]);
});

it("puts together what belongs together, and the rest one by one", () => {
  const { main, others } = chartList([
    "val/loss",
    "train/loss",
    "critical/RAO",
    "zeta",
    "alpha",
    "system/cpu",
    "epoch",
  ]);
  expect(main.map(({ metrics }) => metrics)).toEqual([
    ["train/loss", "val/loss"],
    ["critical/RAO"],
  ]);
  expect(others.map(({ title }) => title)).toEqual(["alpha", "zeta", "system/cpu"]);
});

it("draws no more lines into one chart than can be told apart", () => {
  const names = Array.from({ length: 13 }, (_, n) => `critical/C${n}`);
  const { main } = chartList(names);
  expect(main.map(({ metrics }) => metrics.length)).toEqual([6, 6, 1]);
});
