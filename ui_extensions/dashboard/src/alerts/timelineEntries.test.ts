import { expect, test } from "vitest";
import { anEntry } from "./alertExamples";
import { byDay, merged } from "./timelineEntries";

const ids = (entries: ReadonlyArray<{ id: number }>) => entries.map((each) => each.id);

test("an overlapping page adds its new entries once, newest first", () => {
  const known = [anEntry(5), anEntry(3)];
  expect(ids(merged(known, [anEntry(8), anEntry(5)], true))).toEqual([8, 5, 3]);
});

test("an earlier page comes after the known entries", () => {
  expect(ids(merged([anEntry(8)], [anEntry(5), anEntry(3)], false))).toEqual([8, 5, 3]);
});

test("a newest page after a gap replaces the known entries", () => {
  expect(ids(merged([anEntry(3)], [anEntry(9), anEntry(8)], true))).toEqual([9, 8]);
});

test("an empty page changes nothing", () => {
  expect(ids(merged([anEntry(3)], [], true))).toEqual([3]);
  expect(merged([], [], true)).toEqual([]);
});

test("entries are grouped by day", () => {
  const days = byDay([
    anEntry(3, { timestamp: "2026-01-03T12:00:00Z" }),
    anEntry(2, { timestamp: "2026-01-02T12:30:00Z" }),
    anEntry(1, { timestamp: "2026-01-02T12:00:00Z" }),
  ]);
  expect(days.map((day) => ids(day.entries))).toEqual([[3], [2, 1]]);
});
