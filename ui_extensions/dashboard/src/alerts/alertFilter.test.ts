import { expect, test } from "vitest";
import { anAlert, byId } from "./alertExamples";
import {
  requestQueryOf,
  EVERY_OPEN,
  filterOf,
  hrefOf,
  isNarrowed,
  matches,
  nextOffset,
  queryOf,
  readSoFar,
  shown,
} from "./alertFilter";

test("the address says the filter and the filter the address", () => {
  const filter = {
    state: "past",
    level: "warning",
    condition: "a&b=c <b>",
    runId: "run/1",
    isAcknowledged: false,
  } as const;
  expect(filterOf(new URLSearchParams(queryOf(filter).toString()))).toEqual(filter);
});

test("an address without a query shows what is open", () => {
  expect(filterOf(new URLSearchParams(""))).toEqual(EVERY_OPEN);
  expect(hrefOf({})).toBe("#/alerts");
});

test("unknown words in the address do not filter", () => {
  const query = new URLSearchParams("state=odd&level=loud&acknowledged=perhaps&condition=");
  expect(filterOf(query)).toEqual(EVERY_OPEN);
});

test("the server is asked in its own words", () => {
  expect(requestQueryOf({ ...EVERY_OPEN, isAcknowledged: false })).toEqual({
    state: "firing",
    level: null,
    condition: null,
    run_id: null,
    acknowledged: false,
  });
  expect(requestQueryOf({ ...EVERY_OPEN, state: "all" }).state).toBeNull();
});

test("open, past or all is no narrowing, everything else is", () => {
  expect(isNarrowed({ ...EVERY_OPEN, state: "all" })).toBe(false);
  expect(isNarrowed({ ...EVERY_OPEN, isAcknowledged: false })).toBe(true);
});

test.each([
  [{}, true],
  [{ state: "past" }, false],
  [{ state: "all" }, true],
  [{ level: "warning" }, false],
  [{ condition: "CNV" }, false],
  [{ runId: "s" }, false],
  [{ isAcknowledged: true }, false],
  [{ isAcknowledged: false }, true],
] as const)("an open critical alert of RAO that nobody has seen matches %o: %s", (part, is) => {
  expect(matches(anAlert(), { ...EVERY_OPEN, ...part })).toBe(is);
});

test("an alert leaves the list when it no longer matches", () => {
  const filter = { ...EVERY_OPEN, isAcknowledged: false };
  expect(shown(byId(anAlert()), filter)).toHaveLength(1);
  expect(shown(byId(anAlert({ acknowledged_by: "ada" })), filter)).toHaveLength(0);
});

const at = (minute: number) =>
  anAlert({ alert_id: `${minute}`, timestamp: `2026-01-02T03:${minute}:00Z` });

test("reading on leaves out what was read, and what has come before it since", () => {
  const soFar = readSoFar([at(30), at(29)], 0, 5);
  expect(soFar.numLeft).toBe(3);
  expect(nextOffset([at(30), at(29)], soFar)).toBe(2);
  expect(nextOffset([at(31), at(30), at(29)], soFar)).toBe(3);
  expect(nextOffset([at(29)], soFar)).toBe(1);
});

test("known alerts that lie beyond what was read are read all the same", () => {
  const soFar = readSoFar([at(30), at(29)], 0, 5);
  expect(nextOffset([at(30), at(29), at(11)], soFar)).toBe(2);
});

test("the end of the list leaves nothing to read", () => {
  expect(readSoFar([at(30)], 4, 5).numLeft).toBe(0);
  expect(readSoFar([], 0, 0).numLeft).toBe(0);
  expect(readSoFar([], 50, 60).numLeft).toBe(0);
});
