import { expect, it } from "vitest";
import type { HeadlineValue, MetricsData, RunSummary } from "../../../live/schemas";
import { CATALOG } from "../metrics/catalogExample";
import { cardRows } from "./cardValues";

function summary(values: Record<string, number | null>): RunSummary {
  const headlines = Object.entries(values).map(
    ([name, value]) =>
      ({ name, value, not_finite: value === null ? "NaN" : null }) as HeadlineValue,
  );
  return { headlines } as RunSummary;
}

const live = (part: object): MetricsData =>
  ({ loss: {}, accuracy: {}, auc_roc: {}, other: {}, not_finite: {}, ...part }) as MetricsData;

const shown = (...args: Parameters<typeof cardRows>): string[] =>
  cardRows(...args).map(
    ({ label, values }) =>
      `${label}: ${values.map(({ split, value }) => `${split} ${value}`).join(", ")}`,
  );

it("shows the loss and the scores of a run of another program, one row for each measure", () => {
  const values = { eval_loss: 0.5, loss: 0.25, eval_accuracy: 0.75, learning_rate: 1, epoch: 2 };
  expect(shown(summary(values), undefined, CATALOG, "en")).toEqual([
    "loss: val 0.5, none 0.25",
    "accuracy: val 0.75",
  ]);
});

it("shows newer values that were received live, and NaN as such", () => {
  const newer = live({ other: { eval_loss: null }, not_finite: { eval_loss: "NaN" } });
  expect(shown(summary({ eval_loss: 0.5, loss: 0.25 }), newer, CATALOG, "en")).toEqual([
    "loss: val NaN, none 0.25",
  ]);
  const own = live({ loss: { train: 0.1, val: null } });
  expect(shown(summary({}), own, CATALOG, "en")).toEqual(["loss: train 0.1"]);
});

it("shows a few unknown metrics by their names, and nothing of a run without any", () => {
  expect(shown(summary({ b: 2, a: 1 }), undefined, CATALOG, "en")).toEqual([
    "a: none 1",
    "b: none 2",
  ]);
  expect(shown(summary({}), live({}), CATALOG, "en")).toEqual([]);
});
