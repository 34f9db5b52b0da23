import { describe, expect, it } from "vitest";
import { named, recallRows, reportRows, sorted, WEAKEST_FIRST } from "./classRows";

const score = (support: number, recall: number | null) => ({
  support,
  recall,
  precision: null,
  f1: null,
  specificity: 1,
  auc_roc: 0.5,
});

const ROWS = reportRows(["OCT_RAO", "Fundus_RAO", "Fundus_Étoile", "constructor"], {
  OCT_RAO: score(3, 1),
  Fundus_RAO: score(57, 0.2),
  Fundus_Étoile: score(0, null),
});

describe("the rows", () => {
  it("include a class that the report leaves out", () => {
    const [, , , last] = ROWS;
    expect(last).toMatchObject({ index: 3, name: "constructor", recall: null, support: null });
  });

  it("have only the recall without a report", () => {
    expect(recallRows({ a: 0.5, b: null })).toMatchObject([
      { index: null, name: "a", recall: 0.5, support: null },
      { index: null, name: "b", recall: null },
    ]);
  });
});

describe("their order", () => {
  const names = (order: Parameters<typeof sorted>[1]) =>
    sorted(ROWS, order).map(({ name }) => name);

  it("is the weakest first, undefined last", () => {
    expect(names(WEAKEST_FIRST)).toEqual(["Fundus_RAO", "OCT_RAO", "constructor", "Fundus_Étoile"]);
  });

  it("keeps undefined values last when it is reversed", () => {
    expect(names({ column: "recall", isDescending: true })).toEqual([
      "OCT_RAO",
      "Fundus_RAO",
      "constructor",
      "Fundus_Étoile",
    ]);
  });

  it("sorts numbers in names by value", () => {
    const rows = recallRows({ class_10: 1, class_9: 1 });
    expect(sorted(rows, { column: "name", isDescending: false }).map(({ name }) => name)).toEqual([
      "class_9",
      "class_10",
    ]);
    expect(sorted(rows, { column: "name", isDescending: true })[0]?.name).toBe("class_10");
  });
});

describe("the search", () => {
  const found = (search: string) => named(ROWS, search).map(({ name }) => name);

  it("finds all without a search", () => {
    expect(found("  ")).toHaveLength(4);
  });

  it("ignores order, case and accents", () => {
    expect(found("rao oct")).toEqual(["OCT_RAO"]);
    expect(found("FUNDUS etoile")).toEqual(["Fundus_Étoile"]);
    expect(found("fundus_r")).toEqual(["Fundus_RAO"]);
  });

  it("treats a pattern as text", () => {
    expect(found(".*")).toEqual([]);
  });
});
