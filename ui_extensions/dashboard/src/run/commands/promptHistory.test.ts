import { describe, expect, it } from "vitest";
import type { InstructionEntry } from "../../../../live/schemas";
import { promptHistory, promptsAt, promptsInUse } from "./promptHistory";

const PARAMS = [
  { key: "rank", value: "8" },
  { key: "sample_prompts", value: "a retina\n\n a vessel " },
];

function change(
  step: number | null,
  answeredMs: number,
  prompts: Record<string, string | null>,
  changed: Partial<InstructionEntry> = {},
): InstructionEntry {
  return {
    id: answeredMs,
    run_id: "a",
    name: "set_prompts",
    arguments: prompts,
    status: "done",
    step,
    message: "",
    who: "",
    source: "",
    timestamp: "",
    taken_at: null,
    answered_at: new Date(answeredMs).toISOString(),
    ...changed,
  };
}

describe("the prompts of a picture", () => {
  const history = promptHistory(PARAMS, [
    change(30, 3_000, { prompt_1: "the third" }),
    change(20, 2_000, { prompt_10: "d", prompt_2: "c", prompt_1: "b", prompt_3: null }),
    change(20, 2_500, { prompt_1: "never" }, { status: "refused" }),
    change(25, 2_600, { prompt_1: "never" }, { name: "sample_now" }),
  ]);

  it("are those of the param before any command", () => {
    expect(promptsAt(history, 10, 1_000)).toEqual(["a retina", "a vessel"]);
  });

  it("are those of the last command that was carried out before", () => {
    expect(promptsAt(history, 29, 2_900)).toEqual(["b", "c", "d"]);
    expect(promptsAt(history, 31, 9_000)).toEqual(["the third"]);
  });

  it("go by the time if the command was carried out at the same step", () => {
    expect(promptsAt(history, 20, 1_999)).toEqual(["a retina", "a vessel"]);
    expect(promptsAt(history, 20, 2_001)).toEqual(["b", "c", "d"]);
  });

  it("in use are those of the last command", () => {
    expect(promptsInUse(history)).toEqual(["the third"]);
    expect(promptsInUse(promptHistory(PARAMS, []))).toEqual(["a retina", "a vessel"]);
    expect(promptsInUse(promptHistory([], []))).toEqual([]);
  });
});
