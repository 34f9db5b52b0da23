import { expect, test } from "vitest";
import { anEntry } from "./alertExamples";
import { byDay, merged } from "./timelineEntries";

const ids = (entries: ReadonlyArray<{ id: number }>) => entries.map((each) => each.id);

test("a page that overlaps adds what is new, once, newest first", () => {
  const known = [anEntry(5), anEntry(3)];
  expect(ids(merged(known, [anEntry(8), anEntry(5)], true))).toEqual([8, 5, 3]);
});

test("an earlier page is put under what is known", () => {
  expect(ids(merged([anEntry(8)], [anEntry(5), anEntry(3)], false))).toEqual([8, 5, 3]);
});

test("a newest page that begins after a gap does not hide the gap", () => {
  expect(ids(merged([anEntry(3)], [anEntry(9), anEntry(8)], true))).toEqual([9, 8]);
});

test("an empty page changes nothing", () => {
  expect(ids(merged([anEntry(3)], [], true))).toEqual([3]);
  expect(merged([], [], true)).toEqual([]);
});

test("entries are put together by day", () => {
  const days = byDay([
    anEntry(3, { timestamp: "2026-01-03T12:00:00Z" }),
    anEntry(2, { timestamp: "2026-01-02T12:30:00Z" }),
    anEntry(1, { timestamp: "2026-01-02T12:00:00Z" }),
  ]);
  expect(days.map((day) => ids(day.entries))).toEqual([[3], [2, 1]]);
});
