import { expect, it } from "vitest";
import type { MetricsData } from "../../../live/schemas";
import { CATALOG } from "./catalogExample";
import { metricNames } from "./metricNames";

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

it("gives every logged value its MLflow name", () => {
  const names = metricNames(
    {
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
    },
    CATALOG,
  );
  expect(names).toEqual([
    "val/loss",
    "train/loss",
    "per_class/<b>",
    "critical/RAO",
    "critical_support/RAO",
    "my/metric",
  ]);
  expect(metricNames(NOTHING, CATALOG)).toEqual([]);
});
