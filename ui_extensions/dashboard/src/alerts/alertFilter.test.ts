import { expect, test } from "vitest";
import { anAlert, byId } from "./alertExamples";
import {
  requestQueryOf,
  ALL_OPEN,
  filterOf,
  hrefOf,
  isNarrowed,
  matches,
  nextOffset,
  queryOf,
  loadedSoFar,
  shown,
} from "./alertFilter";

test("a filter survives the way through the URL", () => {
  const filter = {
    state: "past",
    level: "warning",
    condition: "a&b=c <b>",
    runId: "run/1",
    isAcknowledged: false,
  } as const;
  expect(filterOf(new URLSearchParams(queryOf(filter).toString()))).toEqual(filter);
});

test("a URL without a query shows the open alerts", () => {
  expect(filterOf(new URLSearchParams(""))).toEqual(ALL_OPEN);
  expect(hrefOf({})).toBe("#/alerts");
});

test("unknown values in the URL do not filter", () => {
  const query = new URLSearchParams("state=odd&level=loud&acknowledged=perhaps&condition=");
  expect(filterOf(query)).toEqual(ALL_OPEN);
});

test("requests use the server's names", () => {
  expect(requestQueryOf({ ...ALL_OPEN, isAcknowledged: false })).toEqual({
    state: "firing",
    level: null,
    condition: null,
    run_id: null,
    acknowledged: false,
  });
  expect(requestQueryOf({ ...ALL_OPEN, state: "all" }).state).toBeNull();
});

test("the state alone does not narrow the list", () => {
  expect(isNarrowed({ ...ALL_OPEN, state: "all" })).toBe(false);
  expect(isNarrowed({ ...ALL_OPEN, isAcknowledged: false })).toBe(true);
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
] as const)("an open critical alert of RAO that is not acknowledged matches %o: %s", (part, is) => {
  expect(matches(anAlert(), { ...ALL_OPEN, ...part })).toBe(is);
});

test("an alert leaves the list when it no longer matches", () => {
  const filter = { ...ALL_OPEN, isAcknowledged: false };
  expect(shown(byId(anAlert()), filter)).toHaveLength(1);
  expect(shown(byId(anAlert({ acknowledged_by: "ada" })), filter)).toHaveLength(0);
});

const at = (minute: number) =>
  anAlert({ alert_id: `${minute}`, timestamp: `2026-01-02T03:${minute}:00Z` });

test("the next page starts after the loaded alerts and those that are new", () => {
  const soFar = loadedSoFar([at(30), at(29)], 0, 5);
  expect(soFar.numLeft).toBe(3);
  expect(nextOffset([at(30), at(29)], soFar)).toBe(2);
  expect(nextOffset([at(31), at(30), at(29)], soFar)).toBe(3);
  expect(nextOffset([at(29)], soFar)).toBe(1);
});

test("known alerts beyond the loaded part do not change the offset", () => {
  const soFar = loadedSoFar([at(30), at(29)], 0, 5);
  expect(nextOffset([at(30), at(29), at(11)], soFar)).toBe(2);
});

test("nothing is left at the end of the list", () => {
  expect(loadedSoFar([at(30)], 4, 5).numLeft).toBe(0);
  expect(loadedSoFar([], 0, 0).numLeft).toBe(0);
  expect(loadedSoFar([], 50, 60).numLeft).toBe(0);
});
