import { beforeEach, expect, test } from "vitest";
import { anAlert } from "../alerts/alertExamples";
import { removeAlerts, storeAlerts, markSeen, useLive } from "./liveStore";

beforeEach(() => useLive.setState({ alerts: {}, unseen: [] }));

test("a critical alert that was open before the page waits to be seen", () => {
  storeAlerts([anAlert()]);
  expect(useLive.getState().unseen).toEqual(["a"]);
});

test.each([{ level: "warning" }, { state: "resolved" }, { acknowledged_by: "ada" }] as const)(
  "one with %o does not",
  (part) => {
    storeAlerts([anAlert(part)]);
    expect(useLive.getState().unseen).toEqual([]);
  },
);

test("one that somebody here has looked at does not wait again", () => {
  storeAlerts([anAlert()]);
  markSeen("a");
  storeAlerts([anAlert()]);
  expect(useLive.getState().unseen).toEqual([]);
});

test("what was read earlier does not replace what is newer", () => {
  storeAlerts([anAlert({ timestamp: "2026-01-02T03:04:05.120000Z", state: "resolved" })]);
  storeAlerts([anAlert({ timestamp: "2026-01-02T03:04:05Z" })]);
  expect(useLive.getState().alerts.a?.state).toBe("resolved");
  expect(useLive.getState().unseen).toEqual([]);
});

test("an acknowledgement counts, though it leaves the time as it was, and is not taken back", () => {
  storeAlerts([anAlert()]);
  storeAlerts([anAlert({ acknowledged_by: "ada" })]);
  storeAlerts([anAlert()]);
  expect(useLive.getState().alerts.a?.acknowledged_by).toBe("ada");
  expect(useLive.getState().unseen).toEqual([]);
});

test("what the server no longer has is forgotten", () => {
  storeAlerts([anAlert(), anAlert({ alert_id: "b" })]);
  removeAlerts(["a"]);
  expect(Object.keys(useLive.getState().alerts)).toEqual(["b"]);
  expect(useLive.getState().unseen).toEqual(["b"]);
});
