import { expect, it } from "vitest";
import { CATALOG } from "../metrics/catalogExample";
import { EMPTY_CATALOG } from "../metrics/metricCatalog";
import { chartList } from "./chartList";

const NAMES = [
  "train/loss",
  "val/loss",
  "critical/RAO",
  "critical_support/RAO",
  "zeta",
  "alpha",
  "system/cpu",
  "epoch",
];

it("draws the metrics of a group in one chart, and each other metric in its own", () => {
  const { main, others } = chartList(NAMES, CATALOG);
  expect(main.map(({ metrics }) => metrics)).toEqual([
    ["train/loss", "val/loss"],
    ["critical/RAO"],
  ]);
  expect(main[0]?.label).toEqual({ en: "loss", fr: "loss" });
  expect(others.map(({ key }) => key)).toEqual([
    "alpha",
    "zeta",
    "critical_support/RAO",
    "system/cpu",
  ]);
});

it("splits a group with too many lines", () => {
  const names = Array.from({ length: 13 }, (_, n) => `critical/C${n}`);
  const { main } = chartList(names, CATALOG);
  expect(main.map(({ metrics }) => metrics.length)).toEqual([6, 6, 1]);
  expect(new Set(main.map(({ key }) => key)).size).toBe(3);
});

it("draws every metric in its own chart while the catalogue is unknown", () => {
  const { main, others } = chartList(["val/loss", "train/loss"], EMPTY_CATALOG);
  expect(main).toEqual([]);
  expect(others.map(({ metrics }) => metrics)).toEqual([["train/loss"], ["val/loss"]]);
});

const chartsOf = (names: readonly string[]): string[][] =>
  chartList(names, CATALOG).main.map(({ metrics }) => [...metrics]);

it.each([
  {
    program: "PyTorch Lightning",
    names: ["train_loss", "val_loss", "train_loss_epoch", "val_acc", "lr-Adam", "epoch"],
    main: [["train_loss", "train_loss_epoch", "val_loss"], ["val_acc"], ["lr-Adam"]],
  },
  {
    program: "Hugging Face",
    names: ["loss", "eval_loss", "eval_accuracy", "learning_rate", "epoch"],
    main: [["loss", "eval_loss"], ["eval_accuracy"], ["learning_rate"]],
  },
  {
    program: "XGBoost",
    names: ["train-auc", "validation-auc", "train-logloss", "validation-logloss"],
    main: [
      ["train-logloss", "validation-logloss"],
      ["train-auc", "validation-auc"],
    ],
  },
])("draws the splits of a measure in one chart for $program", ({ names, main }) => {
  expect(chartsOf(names)).toEqual(main);
  expect(chartList(names, CATALOG).others).toEqual([]);
});

it("draws the parts of a loss after the whole, and only a few of thousands", () => {
  const parts = Array.from({ length: 5_000 }, (_, n) => [
    `train/part${n}_loss`,
    `val/part${n}_loss`,
  ]);
  const { main, others } = chartList([...parts.flat(), "val_loss", "train_loss"], CATALOG);
  expect(main[0]?.metrics).toEqual(["train_loss", "val_loss"]);
  expect(main[1]?.metrics).toEqual(["train/part0_loss", "val/part0_loss"]);
  expect(main.length).toBeLessThan(20);
  expect(main.length + others.length).toBe(5_001);
});

it("pairs the splits of a measure that it does not know", () => {
  const { main, others } = chartList(["train/foo", "val/foo", "bar"], CATALOG);
  expect(main).toEqual([]);
  expect(others.map(({ metrics }) => metrics)).toEqual([["bar"], ["train/foo", "val/foo"]]);
});
