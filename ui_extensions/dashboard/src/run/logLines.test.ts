import { describe, expect, it } from "vitest";
import type { LogLine } from "../../../live/schemas";
import {
  appended,
  atLeast,
  extended,
  MAX_LINES,
  matching,
  NO_LINES,
  notYetLoaded,
  pattern,
  pieces,
  type Tail,
} from "./logLines";

function said(...messages: string[]): LogLine[] {
  return messages.map((message) => ({ level: "info", message }));
}

function texts(tail: Tail): string[] {
  return tail.lines.map(({ message }) => message);
}

function serverCount(from: number, to: number): LogLine[] {
  return said(...Array.from({ length: to - from }, (_, index) => `step ${from + index}`));
}

describe("a tail of lines", () => {
  it("keeps the newest lines up to its limit, with their keys", () => {
    const first = appended(NO_LINES, serverCount(0, MAX_LINES));
    const next = appended(first, said("one more"));
    expect(first.isCut).toBe(false);
    expect(next.lines).toHaveLength(MAX_LINES);
    expect(next.lines[0]).toBe(first.lines[1]);
    expect(next.lines.at(-1)).toMatchObject({ key: MAX_LINES, message: "one more" });
    expect(next.isCut).toBe(true);
  });

  it("does not change without new lines", () => {
    const tail = appended(NO_LINES, said("a"));
    expect(appended(tail, [])).toBe(tail);
  });

  it("removes control sequences of terminals", () => {
    const tail = appended(
      NO_LINES,
      said(
        "\x1b[36m(worker)\x1b[0m ready",
        " 10%|#\r 50%|##\r",
        "\x1b]0;title\x07a\x00b\u202ec",
        "tab\tkept",
      ),
    );
    expect(texts(tail)).toEqual(["(worker) ready", " 50%|##", "abc", "tab\tkept"]);
  });
});

describe("a second load", () => {
  it("extends the known lines where they overlap", () => {
    const tail = appended(NO_LINES, serverCount(0, 10));
    const next = extended(tail, serverCount(5, 15));
    expect(texts(next)).toEqual(serverCount(0, 15).map(({ message }) => message));
    expect(next.lines[0]).toBe(tail.lines[0]);
  });

  it("replaces them without an overlap", () => {
    const next = extended(appended(NO_LINES, serverCount(0, 10)), serverCount(20, 22));
    expect(texts(next)).toEqual(["step 20", "step 21"]);
    expect(next.lines[0]?.key).toBe(10);
  });

  it("keeps them if the server has no lines", () => {
    const tail = appended(NO_LINES, said("a"));
    expect(extended(tail, [])).toBe(tail);
  });

  it("replaces them if it includes them all", () => {
    const next = extended(appended(NO_LINES, serverCount(5, 7)), serverCount(0, 10));
    expect(texts(next)).toEqual(serverCount(0, 10).map(({ message }) => message));
  });
});

describe("lines received live during a load", () => {
  it("are new after the end of the loaded lines", () => {
    expect(notYetLoaded(serverCount(0, 8), serverCount(6, 11))).toEqual(serverCount(8, 11));
  });

  it("are all new if the loaded lines end before them", () => {
    expect(notYetLoaded(serverCount(0, 6), serverCount(6, 8))).toEqual(serverCount(6, 8));
    expect(notYetLoaded([], serverCount(0, 2))).toEqual(serverCount(0, 2));
  });

  it("are all known if they are among the loaded lines", () => {
    expect(notYetLoaded(serverCount(0, 8), serverCount(6, 8))).toEqual([]);
  });

  it("are not confused with older lines of the same text", () => {
    expect(notYetLoaded(said("saved", "x", "y"), said("saved"))).toEqual(said("saved"));
  });

  it("are found after lines that the server did not send", () => {
    const live = [
      ...serverCount(6, 8),
      ...said("… 90 lines are in the log alone"),
      ...serverCount(98, 103),
    ];
    expect(notYetLoaded(serverCount(0, 100), live)).toEqual(serverCount(100, 103));
  });
});

describe("a level", () => {
  it("includes more serious lines", () => {
    const lines = (["debug", "info", "warning", "error", "critical"] as const).map(
      (level, key) => ({ key, level, message: level }),
    );
    expect(atLeast(lines, "warning").map(({ level }) => level)).toEqual([
      "warning",
      "error",
      "critical",
    ]);
    expect(atLeast(lines, "debug")).toBe(lines);
  });
});

describe("a search", () => {
  it("splits a line at each match, ignoring case", () => {
    expect(pieces("Loss 1, loss 2", pattern("LOSS"))).toEqual([
      { text: "Loss", isMatch: true },
      { text: " 1, ", isMatch: false },
      { text: "loss", isMatch: true },
      { text: " 2", isMatch: false },
    ]);
  });

  it("treats special characters and markup as text", () => {
    const text = "<img src=x onerror=alert(1)> [a-b]";
    expect(pieces(text, pattern("[a-b]")).at(-1)).toEqual({ text: "[a-b]", isMatch: true });
    expect(pieces(text, pattern("<img"))[0]).toEqual({ text: "<img", isMatch: true });
  });

  it("does not split a line without a match", () => {
    expect(pieces("", pattern("a"))).toEqual([{ text: "", isMatch: false }]);
    expect(pieces("abc", pattern(""))).toEqual([{ text: "abc", isMatch: false }]);
  });

  it("finds the matching lines", () => {
    const { lines } = appended(NO_LINES, said("a", "b", "AB"));
    expect(matching(lines, pattern("a"))).toEqual([0, 2]);
    expect(matching(lines, pattern(""))).toEqual([]);
  });
});
