import { expect, it } from "vitest";
import { CATALOG } from "../metrics/catalogExample";
import { found, metricsOfRuns, type Panel, panelsOf } from "./overlays";

function shown(...names: string[][]): string[] {
  return panelsOf(names, CATALOG, "en").flatMap(charts);
}

function charts({ label, charts: all }: Panel): string[] {
  return all.map(
    ({ title, lines }) =>
      `${label}: ${title}: ${lines.map(({ run, metric }) => `${run} ${metric}`).join()}`,
  );
}

it("puts one metric of several runs into one chart", () => {
  expect(shown(["alpha"], ["alpha"], [])).toEqual(["null: alpha: 0 alpha,1 alpha"]);
});

it("puts what programs call differently into one chart", () => {
  const [chart, ...others] = shown(["val_loss"], ["eval_loss"]);
  expect(others).toEqual([]);
  expect(chart).toMatch(/val.*: 0 val_loss,1 eval_loss$/);
});

it("keeps names apart of which one run has several with the same meaning", () => {
  const all = shown(["val_loss", "eval_loss"], ["val_loss"]);
  expect(all.map((each) => each.split(": ").slice(1).join(": "))).toEqual([
    "eval_loss: 0 eval_loss",
    "val_loss: 0 val_loss,1 val_loss",
  ]);
});

it("makes a panel of each prefix, with the machine last", () => {
  const panels = panelsOf([["system/cpu", "alpha", "layer2/x", "layer1/x"]], CATALOG, "en");
  expect(panels.map(({ label }) => label)).toEqual([null, "layer1", "layer2", "system"]);
});

it("finds charts by a part of a metric's name", () => {
  const panels = panelsOf([["layer1/x", "layer2/y"]], CATALOG, "en");
  expect(found(panels, " LAYER2").flatMap(charts)).toEqual(["layer2: layer2/y: 0 layer2/y"]);
  expect(found(panels, "none")).toEqual([]);
});

it("knows a metric whose newest value is not finite", () => {
  const runs = [{}, {}] as Parameters<typeof metricsOfRuns>[0]["runs"];
  const metrics = [{ name: "m", values: [null, null], not_finite: ["NaN", null], differs: true }];
  expect(metricsOfRuns({ runs, metrics: metrics as never })).toEqual([["m"], []]);
});
