import { expect, it } from "vitest";
import type { CriticalAlert, RunStatus, TrainingStatus } from "../../../live/schemas";
import { healthOf, SILENT_RULE } from "./runHealth";

function known(status: RunStatus, changed: Partial<TrainingStatus> = {}) {
  return {
    status: { status, deleted: false, ...changed } as TrainingStatus,
    openAlerts: [] as CriticalAlert[],
    connection: { state: "live" as const, sinceMs: 0, reason: "" },
  };
}

const alert = (level: "critical" | "warning"): CriticalAlert => ({ level }) as CriticalAlert;
const lost = { state: "lost" as const, sinceMs: 0, reason: "" };

it("is healthy only while it trains, the page is connected, and no alert is open", () => {
  expect(healthOf(known("training"))).toBe("healthy");
  const silence = { level: "warning", condition: SILENT_RULE } as CriticalAlert;
  expect(healthOf({ ...known("training"), openAlerts: [silence] })).toBe("silent");
  expect(healthOf({ ...known("training"), openAlerts: [silence, alert("warning")] })).toBe(
    "warning",
  );
  expect(healthOf({ ...known("training"), openAlerts: [alert("warning")] })).toBe("warning");
  expect(healthOf({ ...known("training"), connection: lost })).toBe("notLive");
  expect(healthOf({ ...known("training"), status: undefined })).toBe("unknown");
});

it("is what the worst fact says", () => {
  const both = [alert("warning"), alert("critical")];
  expect(healthOf({ ...known("training"), openAlerts: both })).toBe("critical");
  expect(healthOf({ ...known("training"), openAlerts: both, connection: lost })).toBe("critical");
  expect(healthOf({ ...known("error"), openAlerts: [alert("warning")] })).toBe("failed");
  expect(healthOf(known("training", { deleted: true }))).toBe("deleted");
});

it("is how the run ended, even when the connection is lost", () => {
  expect(healthOf({ ...known("completed"), connection: lost })).toBe("ended");
  expect(healthOf({ ...known("stopped"), connection: lost })).toBe("stopped");
});

it("differs between a pause and a start", () => {
  expect(healthOf(known("paused"))).toBe("paused");
  expect(healthOf(known("starting"))).toBe("waiting");
});
