import { expect, it } from "vitest";
import type { RunRow } from "../../../live/schemas";
import { flatRows } from "./flatRows";

function run(id: string): RunRow {
  return { run_id: id } as RunRow;
}

function shown(total: number, loaded: Record<number, RunRow>, children: Record<string, string[]>) {
  const byParent = new Map(Object.entries(children).map(([id, ids]) => [id, ids.map(run)]));
  return flatRows(total, (index) => loaded[index], byParent).map(
    ({ run: each, depth, index }) => `${index}:${"-".repeat(depth)}${each?.run_id ?? "?"}`,
  );
}

it("puts the child runs of open runs below them", () => {
  const rows = shown(3, { 0: run("a"), 1: run("b") }, { a: ["a1", "a2"], a1: ["a11"] });
  expect(rows).toEqual(["0:a", "0:-a1", "0:--a11", "0:-a2", "1:b", "2:?"]);
});

it("ends where runs are nested in a circle", () => {
  expect(shown(1, { 0: run("a") }, { a: ["b"], b: ["a", "b"] })).toEqual(["0:a", "0:-b"]);
});

it("does not overflow however deep runs are nested", () => {
  const children = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, depth) => [`r${depth}`, [`r${depth + 1}`]]),
  );
  expect(shown(1, { 0: run("r0") }, children)).toHaveLength(20_001);
});
