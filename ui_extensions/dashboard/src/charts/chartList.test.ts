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
