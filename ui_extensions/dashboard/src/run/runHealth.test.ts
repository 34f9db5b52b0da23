import { expect, it } from "vitest";
import type { CriticalAlert, RunStatus, TrainingStatus } from "../../../live/schemas";
import { QUIET_MS, verdict } from "./runHealth";

function known(status: RunStatus, changed: Partial<TrainingStatus> = {}) {
  return {
    status: { status, deleted: false, ...changed } as TrainingStatus,
    openAlerts: [] as CriticalAlert[],
    link: { state: "live" as const, sinceMs: 0, reason: "" },
    heardMs: 1_000_000,
    nowMs: 1_000_000,
  };
}

const alert = (level: "critical" | "warning"): CriticalAlert => ({ level }) as CriticalAlert;
const lost = { state: "lost" as const, sinceMs: 0, reason: "" };

it("calls healthy only what trains, is heard of, and has no open alert", () => {
  expect(verdict(known("training"))).toBe("healthy");
  expect(verdict({ ...known("training"), nowMs: 1_000_001 + QUIET_MS })).toBe("quiet");
  expect(verdict({ ...known("training"), openAlerts: [alert("warning")] })).toBe("warning");
  expect(verdict({ ...known("training"), link: lost })).toBe("notLive");
  expect(verdict({ ...known("training"), status: undefined })).toBe("unknown");
});

it("says the worst first", () => {
  const both = [alert("warning"), alert("critical")];
  expect(verdict({ ...known("training"), openAlerts: both })).toBe("critical");
  expect(verdict({ ...known("training"), openAlerts: both, link: lost })).toBe("critical");
  expect(verdict({ ...known("error"), openAlerts: [alert("warning")] })).toBe("failed");
  expect(verdict(known("training", { deleted: true }))).toBe("deleted");
});

it("says how a run ended also when the connection is lost", () => {
  expect(verdict({ ...known("completed"), link: lost })).toBe("ended");
  expect(verdict({ ...known("stopped"), link: lost })).toBe("stopped");
});

it("tells a pause from work", () => {
  expect(verdict(known("paused"))).toBe("held");
  expect(verdict(known("starting"))).toBe("waiting");
});
