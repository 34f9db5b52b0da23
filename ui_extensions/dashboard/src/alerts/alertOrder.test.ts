import { expect, test } from "vitest";
import { anAlert, byId } from "./alertExamples";
import { byUrgency, newestFirst, numOpen, ofRun, openOf } from "./alertOrder";

const critical = anAlert({ alert_id: "critical", timestamp: "2026-01-02T03:00:00Z" });
const warning = anAlert({
  alert_id: "warning",
  level: "warning",
  timestamp: "2026-01-02T05:00:00Z",
});
const past = anAlert({
  alert_id: "past",
  state: "resolved",
  timestamp: "2026-01-02T06:00:00Z",
});
const ids = (alerts: ReadonlyArray<{ alert_id: string }>) => alerts.map((each) => each.alert_id);

test("what is open comes before what is past, and critical before warning", () => {
  expect(ids([past, warning, critical].sort(byUrgency))).toEqual(["critical", "warning", "past"]);
});

test("of one urgency the newest change comes first", () => {
  const newer = anAlert({ alert_id: "newer", timestamp: "2026-01-02T03:00:00.120000Z" });
  expect(ids([critical, newer].sort(byUrgency))).toEqual(["newer", "critical"]);
});

test("alerts of the same moment keep one order", () => {
  const twin = anAlert({ alert_id: "another", timestamp: critical.timestamp });
  expect([twin, critical].sort(byUrgency)).toEqual([critical, twin].sort(byUrgency));
});

test("a run has its own alerts, of which some are open", () => {
  const other = anAlert({ alert_id: "other", run_id: "s" });
  const alerts = byId(past, other, warning);
  expect(ids(ofRun(alerts, "r"))).toEqual(["warning", "past"]);
  expect(ids(openOf(alerts, "r"))).toEqual(["warning"]);
});

test("open alerts are serverCount by level", () => {
  const alerts = byId(critical, warning, past);
  expect(numOpen(alerts, "critical")).toBe(1);
  expect(numOpen(alerts, "warning")).toBe(1);
});

test("unknown ids are left out", () => {
  expect(ids(newestFirst(byId(critical, warning), ["critical", "gone", "warning"]))).toEqual([
    "warning",
    "critical",
  ]);
});
