import { describe, expect, it } from "vitest";
import type { LogLine } from "../../../live/schemas";
import {
  appended,
  atLeast,
  carriedOn,
  MOST_LINES,
  matching,
  NO_LINES,
  notYetRead,
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
  it("keeps the newest within its bound, and each line its key", () => {
    const first = appended(NO_LINES, serverCount(0, MOST_LINES));
    const next = appended(first, said("one more"));
    expect(first.isCut).toBe(false);
    expect(next.lines).toHaveLength(MOST_LINES);
    expect(next.lines[0]).toBe(first.lines[1]);
    expect(next.lines.at(-1)).toMatchObject({ key: MOST_LINES, message: "one more" });
    expect(next.isCut).toBe(true);
  });

  it("stays what it is when nothing comes", () => {
    const tail = appended(NO_LINES, said("a"));
    expect(appended(tail, [])).toBe(tail);
  });

  it("takes out what only a terminal obeys", () => {
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

describe("a second reading", () => {
  it("carries the known lines on where they meet", () => {
    const tail = appended(NO_LINES, serverCount(0, 10));
    const next = carriedOn(tail, serverCount(5, 15));
    expect(texts(next)).toEqual(serverCount(0, 15).map(({ message }) => message));
    expect(next.lines[0]).toBe(tail.lines[0]);
  });

  it("replaces them where nothing connects the two", () => {
    const next = carriedOn(appended(NO_LINES, serverCount(0, 10)), serverCount(20, 22));
    expect(texts(next)).toEqual(["step 20", "step 21"]);
    expect(next.lines[0]?.key).toBe(10);
  });

  it("takes nothing away where the server has no lines", () => {
    const tail = appended(NO_LINES, said("a"));
    expect(carriedOn(tail, [])).toBe(tail);
  });

  it("replaces what it holds the whole of", () => {
    const next = carriedOn(appended(NO_LINES, serverCount(5, 7)), serverCount(0, 10));
    expect(texts(next)).toEqual(serverCount(0, 10).map(({ message }) => message));
  });
});

describe("lines that come live during a reading", () => {
  it("are new from where the reading ends", () => {
    expect(notYetRead(serverCount(0, 8), serverCount(6, 11))).toEqual(serverCount(8, 11));
  });

  it("are all new where the reading ended before them", () => {
    expect(notYetRead(serverCount(0, 6), serverCount(6, 8))).toEqual(serverCount(6, 8));
    expect(notYetRead([], serverCount(0, 2))).toEqual(serverCount(0, 2));
  });

  it("are all known where the reading holds them", () => {
    expect(notYetRead(serverCount(0, 8), serverCount(6, 8))).toEqual([]);
  });

  it("are not taken for older lines of the same words", () => {
    expect(notYetRead(said("saved", "x", "y"), said("saved"))).toEqual(said("saved"));
  });

  it("are found behind what the server did not tell", () => {
    const live = [
      ...serverCount(6, 8),
      ...said("… 90 lines are in the log alone"),
      ...serverCount(98, 103),
    ];
    expect(notYetRead(serverCount(0, 100), live)).toEqual(serverCount(100, 103));
  });
});

describe("a level", () => {
  it("lets what is more serious through", () => {
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
  it("cuts a line at each match, in any case", () => {
    expect(pieces("Loss 1, loss 2", pattern("LOSS"))).toEqual([
      { text: "Loss", isMatch: true },
      { text: " 1, ", isMatch: false },
      { text: "loss", isMatch: true },
      { text: " 2", isMatch: false },
    ]);
  });

  it("takes signs as they are, and markup as text", () => {
    const text = "<img src=x onerror=alert(1)> [a-b]";
    expect(pieces(text, pattern("[a-b]")).at(-1)).toEqual({ text: "[a-b]", isMatch: true });
    expect(pieces(text, pattern("<img"))[0]).toEqual({ text: "<img", isMatch: true });
  });

  it("leaves a line whole where there is nothing to find", () => {
    expect(pieces("", pattern("a"))).toEqual([{ text: "", isMatch: false }]);
    expect(pieces("abc", pattern(""))).toEqual([{ text: "abc", isMatch: false }]);
  });

  it("says which lines match", () => {
    const { lines } = appended(NO_LINES, said("a", "b", "AB"));
    expect(matching(lines, pattern("a"))).toEqual([0, 2]);
    expect(matching(lines, pattern(""))).toEqual([]);
  });
});
