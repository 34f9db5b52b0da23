import { describe, expect, it } from "vitest";
import { matchingValues, NOTE_TAG, storedRun } from "./storedRun";

describe("storedRun", () => {
  it("separates the note and the parent from the tags, and puts automatic tags last", () => {
    const tags = [
      { key: "mlflow.user", value: "root" },
      { key: NOTE_TAG, value: "<b>note</b>" },
      { key: "mlflow.parentRunId", value: "abc" },
      { key: "team", value: "x" },
    ];
    const params = [
      { key: "layer10", value: "1" },
      { key: "layer2", value: "2" },
    ];
    const run = storedRun({ run: { data: { tags, params } } });
    expect(run.note).toBe("<b>note</b>");
    expect(run.parentId).toBe("abc");
    expect(run.tags.map(({ key }) => key)).toEqual(["team", "mlflow.parentRunId", "mlflow.user"]);
    expect(run.params.map(({ key }) => key)).toEqual(["layer2", "layer10"]);
  });

  it("reads a run without params, tags and data", () => {
    expect(storedRun({ run: {} })).toEqual({ params: [], tags: [], note: "", parentId: null });
  });
});

describe("matchingValues", () => {
  const values = [
    { key: "Learning_Rate", value: "1e-30" },
    { key: "نموذج", value: "🦋" },
  ];
  it("finds by name and by value, whatever the case", () => {
    expect(matchingValues(values, " learning ")).toEqual([values[0]]);
    expect(matchingValues(values, "🦋")).toEqual([values[1]]);
    expect(matchingValues(values, "")).toBe(values);
  });
});
