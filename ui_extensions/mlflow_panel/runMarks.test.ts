import { describe, expect, it } from "vitest";
import type { RunStatus } from "../live/schemas";
import { type Marks, MAX_MARKS, styleSheet, withMark } from "./runMarks";
import { readerOf } from "./words";

const NONE: Marks = new Map();
const { words } = readerOf(null, ["en"]);

function marked(...runs: [id: string, status: RunStatus, alert?: string][]): Marks {
  return runs.reduce(
    (marks, [id, status, alert = null]) => withMark(marks, id, { status, alert }),
    NONE,
  );
}

describe("withMark", () => {
  it("marks runs that have not ended", () => {
    const marks = marked(["a", "training"], ["b", "paused"], ["c", "completed"], ["d", "pending"]);
    expect([...marks.keys()]).toEqual(["a", "b", "d"]);
  });

  it("removes the mark of a run that has ended or is deleted", () => {
    const marks = marked(["a", "training"], ["b", "training"]);
    expect(withMark(marks, "a", { status: "stopped", alert: null }).has("a")).toBe(false);
    expect(withMark(marks, "a", null).has("a")).toBe(false);
  });

  it("returns the same marks if nothing has changed, so that nothing is written", () => {
    const marks = marked(["a", "training"]);
    expect(withMark(marks, "a", { status: "training", alert: null })).toBe(marks);
    expect(withMark(marks, "b", { status: "error", alert: null })).toBe(marks);
    expect(withMark(marks, "a", { status: "training", alert: "critical" })).not.toBe(marks);
  });

  it("ignores an invalid run id", () => {
    expect(marked(['"]*{display:none}', "training"], ["", "training"]).size).toBe(0);
  });

  it("keeps the newest marks up to a limit", () => {
    let marks = NONE;
    for (let number = 0; number < MAX_MARKS + 3; number++) {
      marks = withMark(marks, `run-${number}`, { status: "training", alert: null });
    }
    expect(marks.size).toBe(MAX_MARKS);
    expect(marks.has("run-2")).toBe(false);
    expect(marks.has("run-3")).toBe(true);
  });
});

describe("styleSheet", () => {
  it("has one rule for runs with the same mark, with words for the sign", () => {
    const text = styleSheet(marked(["a", "training"], ["b", "paused"], ["c", "training"]), words);

    expect(text).toContain(':is(a[href*="/runs/a"],a[href*="/runs/c"])::before{content:"▶ "');
    expect(text).toContain('content:"▶ " / "Training: "');
    expect(text).toContain('content:"❚❚ " / "Paused: "');
  });

  it("shows the worst open alert", () => {
    const text = styleSheet(marked(["a", "training", "critical"], ["b", "training", "odd"]), words);

    expect(text).toContain('content:"▶✖ " / "Training, critical alert: "');
    expect(text).toContain('content:"▶ " / "Training: "');
  });

  it("is empty without live runs", () => {
    expect(styleSheet(NONE, words)).toBe("");
  });
});
