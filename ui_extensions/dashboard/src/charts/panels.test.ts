import { expect, it } from "vitest";
import { CATALOG } from "../metrics/catalogExample";
import { addressOfShown, shownIn } from "./panelAddress";
import { panelsOf, panelsWith } from "./panels";

const same = (name: string): string => name;

it("makes a panel of each group and prefix, with the machine last", () => {
  const names = ["system/cpu", "layer2.x", "plain 0.5", "layer1/a", "layer1/b", "val/loss"];
  const panels = panelsOf(names, same, CATALOG, "fr");
  expect(panels.map(({ label, charts }) => [label, ...charts])).toEqual([
    ["loss", "val/loss"],
    [null, "plain 0.5"],
    ["layer1", "layer1/a", "layer1/b"],
    ["layer2", "layer2.x"],
    ["system", "system/cpu"],
  ]);
});

it("leaves out panels in which nothing is found", () => {
  const panels = panelsOf(["layer1/x", "layer2/y"], same, CATALOG, "en");
  const found = panelsWith(panels, " LAYER2 ", (name) => [name]);
  expect(found.map(({ label, charts }) => [label, ...charts])).toEqual([["layer2", "layer2/y"]]);
});

it("keeps the panels in an address, whatever their names are", () => {
  const shown = new Map([
    ["", 48],
    ["/a,b:c %", 0],
    ["=loss", 24],
  ]);
  expect(shownIn(addressOfShown(shown))).toEqual(shown);
});

it.each(["", "a", "a:", "a:-1", "a:1.5", "a:x", "a:1:2", ","])("ignores %s", (text) => {
  expect(shownIn(text).size).toBe(0);
});

it("bounds the number of charts, and takes names that are not encoded", () => {
  expect(shownIn("%:1,a:1000000000")).toEqual(
    new Map([
      ["%", 1],
      ["a", 10_000],
    ]),
  );
});
