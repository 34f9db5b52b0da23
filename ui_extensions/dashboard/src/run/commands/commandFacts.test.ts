import { describe, expect, it } from "vitest";
import type { InstructionEntry } from "../../../../live/schemas";
import {
  inOrder,
  newestByName,
  positiveNumber,
  promptArguments,
  wholeNumber,
} from "./commandFacts";

function entry(id: number, name: string): InstructionEntry {
  return {
    id,
    name,
    run_id: "a",
    arguments: {},
    status: "done",
    step: id,
    message: "",
    who: "",
    source: "",
    timestamp: "",
    taken_at: null,
    answered_at: null,
  };
}

describe("the commands", () => {
  it("have a fixed order, with those of the run's own program last", () => {
    expect(inOrder(["dance", "save_now", "sample_now"])).toEqual([
      "sample_now",
      "save_now",
      "dance",
    ]);
  });

  it("have the newest answer of their name", () => {
    const found = newestByName([entry(3, "save_now"), entry(2, "dance"), entry(1, "save_now")]);
    expect([...found.values()].map(({ id }) => id).sort()).toEqual([2, 3]);
  });
});

describe("prompts", () => {
  it("are the lines that are not empty", () => {
    expect(promptArguments(" a retina \n\na vessel\r\n")).toEqual({
      prompt_1: "a retina",
      prompt_2: "a vessel",
    });
  });

  it.each(["", " \n ", "x".repeat(1001), "a\n".repeat(17), `${"é".repeat(900)}\n`.repeat(3)])(
    "that the server refuses are none: %#",
    (text) => {
      expect(promptArguments(text)).toBeUndefined();
    },
  );

  it("may be the longest and the most", () => {
    expect(promptArguments("é".repeat(1000))).toBeDefined();
    expect(Object.keys(promptArguments("a\n".repeat(16)) ?? {})).toHaveLength(16);
  });
});

describe("numbers", () => {
  it.each([
    ["0,001", 0.001],
    ["1e-4", 0.0001],
    ["9.99", 9.99],
  ])("%s is read", (text, value) => {
    expect(positiveNumber(text, 10)).toBe(value);
  });

  it.each(["", " ", "0", "-1", "10", "Infinity", "NaN", "1,2,3", "fast"])(
    "%j is no learning rate",
    (text) => {
      expect(positiveNumber(text, 10)).toBeUndefined();
    },
  );

  it("of trials are whole", () => {
    expect(wholeNumber(" 12 ")).toBe(12);
    for (const text of ["", "1.5", "-1", "1e3", "9".repeat(12)]) {
      expect(wholeNumber(text)).toBeUndefined();
    }
  });
});
