import { expect, it } from "vitest";
import { addressOf, optionsIn } from "../charts/chartAddress";
import { countIn, listIn } from "./addressState";

it.each([
  [null, 48],
  ["96", 96],
  ["1e9", 1_000],
  ["12", 48],
  ["-5", 48],
  ["words", 48],
  ["NaN", 48],
])("takes a number of entries from %s, whatever was typed", (text, count) => {
  expect(countIn(text, 48, 1_000)).toBe(count);
});

it("takes each text of a list once", () => {
  expect(listIn("a,b,,a")).toEqual(["a", "b"]);
  expect(listIn("")).toEqual([]);
});

it("finds the options of the charts again", () => {
  const options = { axis: "epoch", isLog: true, smoothing: 0.5, zoom: [10, 20] } as const;
  const entries = Object.entries(addressOf(options)).filter(([, text]) => text !== null);
  expect(optionsIn(new URLSearchParams(entries as Array<[string, string]>))).toEqual(options);
});

it.each([
  "steps=1",
  "steps=5~1",
  "steps=a~b",
  "steps=1~Infinity",
  "smoothing=-1",
  "log=1",
  "axis=x",
])("ignores %s in an address", (query) => {
  expect(optionsIn(new URLSearchParams(query))).toEqual({});
});

it("does not name the defaults", () => {
  const defaults = { axis: "step", isLog: false, smoothing: 0, zoom: null } as const;
  expect(addressOf(defaults)).toEqual({ axis: null, log: null, smoothing: null, steps: null });
});
