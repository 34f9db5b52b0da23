import { describe, expect, it } from "vitest";
import { budgetSeconds, EMPTY, formOf } from "./newProject";

describe("budgetSeconds", () => {
  it("reads minutes with either decimal mark", () => {
    expect([budgetSeconds("5"), budgetSeconds("0,5"), budgetSeconds(" 1.5 ")]).toEqual([
      300, 30, 90,
    ]);
  });

  it("tells no entry from a wrong one", () => {
    expect(budgetSeconds("  ")).toBeNull();
    for (const wrong of ["x", "0", "-1", "1e9", "Infinity"]) {
      expect(budgetSeconds(wrong)).toBeUndefined();
    }
  });
});

describe("formOf", () => {
  it("sends only what was entered, the file last", () => {
    const file = new File(["a,b\n"], "table.csv");
    const form = formOf({ ...EMPTY, file, description: " Predict b " });
    expect([...form.keys()]).toEqual(["problem_description", "file"]);
    expect(form.get("problem_description")).toBe("Predict b");
  });

  it("sends the settings as JSON", () => {
    const form = formOf({ ...EMPTY, description: "b", name: " n ", budget: "2", group: " id" });
    expect(form.get("project_name")).toBe("n");
    expect(JSON.parse(form.get("settings") as string)).toEqual({ budget_s: 120, group: " id" });
  });
});
