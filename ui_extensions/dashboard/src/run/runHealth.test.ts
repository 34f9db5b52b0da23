import { expect, it } from "vitest";
import type { CriticalAlert, RunStatus, TrainingStatus } from "../../../live/schemas";
import { QUIET_MS, healthOf } from "./runHealth";

function known(status: RunStatus, changed: Partial<TrainingStatus> = {}) {
  return {
    status: { status, deleted: false, ...changed } as TrainingStatus,
    openAlerts: [] as CriticalAlert[],
    connection: { state: "live" as const, sinceMs: 0, reason: "" },
    lastMessageMs: 1_000_000,
    nowMs: 1_000_000,
  };
}

const alert = (level: "critical" | "warning"): CriticalAlert => ({ level }) as CriticalAlert;
const lost = { state: "lost" as const, sinceMs: 0, reason: "" };

it("calls healthy only what trains, is heard of, and has no open alert", () => {
  expect(healthOf(known("training"))).toBe("healthy");
  expect(healthOf({ ...known("training"), nowMs: 1_000_001 + QUIET_MS })).toBe("quiet");
  expect(healthOf({ ...known("training"), openAlerts: [alert("warning")] })).toBe("warning");
  expect(healthOf({ ...known("training"), connection: lost })).toBe("notLive");
  expect(healthOf({ ...known("training"), status: undefined })).toBe("unknown");
});

it("says the worst first", () => {
  const both = [alert("warning"), alert("critical")];
  expect(healthOf({ ...known("training"), openAlerts: both })).toBe("critical");
  expect(healthOf({ ...known("training"), openAlerts: both, connection: lost })).toBe("critical");
  expect(healthOf({ ...known("error"), openAlerts: [alert("warning")] })).toBe("failed");
  expect(healthOf(known("training", { deleted: true }))).toBe("deleted");
});

it("says how a run ended also when the connection is lost", () => {
  expect(healthOf({ ...known("completed"), connection: lost })).toBe("ended");
  expect(healthOf({ ...known("stopped"), connection: lost })).toBe("stopped");
});

it("tells a pause from work", () => {
  expect(healthOf(known("paused"))).toBe("held");
  expect(healthOf(known("starting"))).toBe("waiting");
});
