import { beforeEach, expect, test } from "vitest";
import { anAlert } from "../alerts/alertExamples";
import { removeAlerts, storeAlerts, markSeen, useLive } from "./liveStore";

beforeEach(() => useLive.setState({ alerts: {}, unseen: [] }));

test("a critical alert that was open before the page was is unseen", () => {
  storeAlerts([anAlert()]);
  expect(useLive.getState().unseen).toEqual(["a"]);
});

test.each([{ level: "warning" }, { state: "resolved" }, { acknowledged_by: "ada" }] as const)(
  "an alert with %o is not",
  (part) => {
    storeAlerts([anAlert(part)]);
    expect(useLive.getState().unseen).toEqual([]);
  },
);

test("a seen alert stays seen", () => {
  storeAlerts([anAlert()]);
  markSeen("a");
  storeAlerts([anAlert()]);
  expect(useLive.getState().unseen).toEqual([]);
});

test("an older version does not replace a newer one", () => {
  storeAlerts([anAlert({ timestamp: "2026-01-02T03:04:05.120000Z", state: "resolved" })]);
  storeAlerts([anAlert({ timestamp: "2026-01-02T03:04:05Z" })]);
  expect(useLive.getState().alerts.a?.state).toBe("resolved");
  expect(useLive.getState().unseen).toEqual([]);
});

test("an acknowledgement is kept, though it does not change the timestamp", () => {
  storeAlerts([anAlert()]);
  storeAlerts([anAlert({ acknowledged_by: "ada" })]);
  storeAlerts([anAlert()]);
  expect(useLive.getState().alerts.a?.acknowledged_by).toBe("ada");
  expect(useLive.getState().unseen).toEqual([]);
});

test("removed alerts are neither stored nor unseen", () => {
  storeAlerts([anAlert(), anAlert({ alert_id: "b" })]);
  removeAlerts(["a"]);
  expect(Object.keys(useLive.getState().alerts)).toEqual(["b"]);
  expect(useLive.getState().unseen).toEqual(["b"]);
});
