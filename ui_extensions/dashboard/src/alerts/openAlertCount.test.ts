import { expect, test } from "vitest";
import type { CriticalAlert } from "../../../live/schemas";
import { anAlert, byId } from "./alertExamples";
import { serverCount, idsToVerify, numOpenOf } from "./openAlertCount";

const none = { entries: [], total: 0 };
const at = (minute: number, part: Partial<CriticalAlert> = {}) =>
  anAlert({ alert_id: `${minute}`, timestamp: `2026-01-02T03:${minute}:00Z`, ...part });

test("an alert that a complete list lacks may have ended", () => {
  const pages = { critical: { entries: [at(30)], total: 1 }, warning: none };
  expect(idsToVerify(byId(at(30), at(20)), pages)).toEqual(["20"]);
});

test("an alert beyond the loaded page is not verified", () => {
  const pages = { critical: { entries: [at(30), at(25)], total: 7 }, warning: none };
  expect(idsToVerify(byId(at(30), at(27), at(25), at(20)), pages)).toEqual(["27"]);
});

test("an alert with another level is found in the other list", () => {
  const pages = {
    critical: { entries: [at(30)], total: 1 },
    warning: none,
  };
  expect(idsToVerify(byId(at(30, { level: "warning" })), pages)).toEqual([]);
});

test("past alerts are not verified", () => {
  const pages = { critical: none, warning: none };
  expect(idsToVerify(byId(at(30, { state: "resolved" })), pages)).toEqual([]);
});

test("the server's count is used if more alerts are open than known", () => {
  const pages = { critical: { entries: [at(30)], total: 7 }, warning: none };
  const count = serverCount(byId(at(30), at(20)), pages);
  expect(count).toEqual({ critical: 7, warning: null });
  expect(numOpenOf(byId(at(30), at(20), at(10)), count, "critical")).toBe(7);
});

test("live alerts are counted if all are known", () => {
  const pages = { critical: { entries: [at(30)], total: 1 }, warning: none };
  const count = serverCount(byId(at(30)), pages);
  expect(numOpenOf(byId(at(30), at(31)), count, "critical")).toBe(2);
  expect(numOpenOf(byId(at(30, { state: "resolved" })), count, "critical")).toBe(0);
});
