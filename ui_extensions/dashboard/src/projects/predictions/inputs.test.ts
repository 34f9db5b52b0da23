import { describe, expect, it } from "vitest";
import type { ProjectDetail } from "../../../../live/schemas";
import { cellOf, inputsOf, isWrong, modelVersion, rowOf } from "./inputs";

const detail = {
  columns: [
    { name: "age", kind: "number", unit: "years" },
    { name: "smokes", kind: "boolean" },
    { name: "outcome", kind: "category" },
  ],
  target: { column: "outcome" },
} as unknown as ProjectDetail;
const age = { name: "age", kind: "number", unit: "years" };

describe("inputsOf", () => {
  it("takes the columns of the deployed model", () => {
    expect(inputsOf(detail, { input_columns: ["age", "new"] })).toEqual([
      age,
      { name: "new", kind: "", unit: null },
    ]);
  });

  it("takes all columns but the target where the model says nothing", () => {
    for (const deployment of [null, {}, { input_columns: 3 }]) {
      expect(inputsOf(detail, deployment).map(({ name }) => name)).toEqual(["age", "smokes"]);
    }
  });
});

describe("cells", () => {
  it("reads numbers with either decimal mark, and nothing as missing", () => {
    expect(["36,6", "36.6", "1e3", " ", ""].map((each) => cellOf(age, each))).toEqual([
      36.6,
      36.6,
      1000,
      null,
      null,
    ]);
    expect(["x", "1,000,000", "Infinity"].map((each) => isWrong(age, each))).toEqual([
      true,
      true,
      true,
    ]);
    expect(isWrong(age, "")).toBe(false);
  });

  it("makes a row with every column", () => {
    const inputs = inputsOf(detail, { input_columns: ["age", "smokes", "new", "__proto__"] });
    const typed = new Map([
      ["smokes", "false"],
      ["new", " a "],
    ]);
    expect(JSON.stringify(rowOf(inputs, typed))).toBe(
      '{"age":null,"smokes":false,"new":" a ","__proto__":null}',
    );
  });
});

it("finds the version after the last slash", () => {
  expect(modelVersion("a/b/3")).toEqual({ name: "a/b", version: "3" });
});
