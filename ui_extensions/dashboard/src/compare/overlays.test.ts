import { expect, it } from "vitest";
import { CATALOG } from "../metrics/catalogExample";
import { type Panel, panelsWith } from "../charts/panels";
import { metricsOfRuns, type Overlay, overlaidPanels, textsOf } from "./overlays";

function shown(...names: string[][]): string[] {
  return overlaidPanels(names, CATALOG, "en").flatMap(charts);
}

function charts({ label, charts: all }: Panel<Overlay>): string[] {
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

it("finds charts by a part of a metric's name", () => {
  const panels = overlaidPanels([["layer1/x", "layer2/y"]], CATALOG, "en");
  expect(panelsWith(panels, "LAYER2", textsOf).flatMap(charts)).toEqual([
    "layer2: layer2/y: 0 layer2/y",
  ]);
});

it("knows a metric whose newest value is not finite", () => {
  const runs = [{}, {}] as Parameters<typeof metricsOfRuns>[0]["runs"];
  const metrics = [{ name: "m", values: [null, null], not_finite: ["NaN", null], differs: true }];
  expect(metricsOfRuns({ runs, metrics: metrics as never })).toEqual([["m"], []]);
});
