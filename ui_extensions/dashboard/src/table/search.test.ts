import { expect, it } from "vitest";
import { exampleOf, searchOf } from "./search";

it.each([
  ["metrics.loss < 0.5", true],
  ["params.model LIKE 'v%'", true],
  ["tags.a is not null", true],
  ["run_id in ('a')", true],
  ["baseline 3", false],
  ["island in", true],
  ["  ", false],
])("reads %s as a condition: %s", (text, isCondition) => {
  const { filter, name } = searchOf(text);
  expect(isCondition ? filter : name).toBe(text.trim());
  expect(isCondition ? name : filter).toBe("");
});

it("quotes names in its examples", () => {
  expect(exampleOf("val/loss", "lr")).toEqual(["metrics.`val/loss` < 0.5", "params.lr = '1'"]);
  expect(exampleOf(undefined, undefined)).toEqual([]);
});
