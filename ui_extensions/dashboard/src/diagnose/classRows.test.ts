import { expect, it } from "vitest";
import { classRows, otherClasses } from "./classRows";
import { aResult } from "./diagnosisExample";

const MANY = Object.fromEntries(
  "abcdefgh".split("").map((name, place) => [name, 0.3 - place / 30]),
);

function withClasses(probabilities: Record<string, number>, set: string[] | null) {
  const result = aResult();
  return aResult({
    classification: { ...result.classification, probabilities },
    prediction_set: set && { classes: set, coverage: 0.9, method: "" },
  });
}

it("shows the most probable classes first, equal ones by their names", () => {
  const { first, others } = classRows(withClasses({ b: 0.1, c: 0.8, a: 0.1 }, null));
  expect(first.map((row) => row.name)).toEqual(["c", "a", "b"]);
  expect(first.every((row) => row.isInSet === null)).toBe(true);
  expect(others).toEqual([]);
});

it("shows every class of the prediction set at first, however improbable", () => {
  const { first, others } = classRows(withClasses(MANY, ["a", "h"]));
  expect(first.map((row) => row.name)).toEqual(["a", "b", "c", "d", "e", "h"]);
  expect(first.filter((row) => row.isInSet).map((row) => row.name)).toEqual(["a", "h"]);
  expect(others.map((row) => row.name)).toEqual(["f", "g"]);
});

it("overrules a diagnosis with another class, and an abstention with any", () => {
  expect(otherClasses(aResult())).toEqual(["Normal", "RVO"]);
  expect(otherClasses(aResult({ abstained: true }))).toEqual(["Normal", "RAO", "RVO"]);
});
