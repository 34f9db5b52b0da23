import { describe, expect, it } from "vitest";
import { columnsNamed, columnsOf, kindCounts } from "./columns";

describe("columnsOf", () => {
  it("reads what is there, and takes nothing else for a column", () => {
    const entry = { name: "age", kind: "number", num_missing: 2, num_distinct: 40, notes: ["n"] };
    expect(columnsOf([entry, { kind: "number" }, { name: 7 }])).toEqual([
      { name: "age", kind: "number", unit: null, numMissing: 2, numDistinct: 40, notes: ["n"] },
    ]);
  });
});

describe("columnsNamed", () => {
  it("finds a part of a name in any case", () => {
    const columns = columnsOf([{ name: "Patient_ID" }, { name: "âge" }]);
    expect(columnsNamed(columns, " id ").map(({ name }) => name)).toEqual(["Patient_ID"]);
    expect(columnsNamed(columns, "ÂG").map(({ name }) => name)).toEqual(["âge"]);
    expect(columnsNamed(columns, "")).toHaveLength(2);
  });
});

describe("kindCounts", () => {
  it("has the most frequent kind first", () => {
    const kinds = ["text", "number", "number"];
    const columns = columnsOf(kinds.map((kind, index) => ({ name: String(index), kind })));
    expect(kindCounts(columns)).toEqual([
      ["number", 2],
      ["text", 1],
    ]);
  });
});
