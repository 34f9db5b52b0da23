// Sums up in one word whether a run is healthy.

import type { PageConnection } from "../live/liveStore";
import type { CriticalAlert, TrainingStatus } from "../../../live/schemas";
import type { Tone } from "../ui/Badge";
import { hasEnded } from "../../../live/runStatus";

/** The server's built-in rule that fires when a run has been silent for too long. */
export const SILENT_RULE = "run_silent";

export type RunHealth =
  | "unknown"
  | "notLive"
  | "deleted"
  | "critical"
  | "failed"
  | "warning"
  | "silent"
  | "healthy"
  | "paused"
  | "waiting"
  | "ended"
  | "stopped";

export const HEALTH_TONES: Record<RunHealth, Tone> = {
  unknown: "stale",
  notLive: "stale",
  deleted: "stale",
  critical: "critical",
  failed: "critical",
  warning: "warning",
  silent: "warning",
  healthy: "ok",
  paused: "info",
  waiting: "info",
  ended: "ok",
  stopped: "stale",
};

interface Known {
  status: TrainingStatus | undefined;
  openAlerts: readonly CriticalAlert[];
  connection: PageConnection;
}

/** The worst fact decides. Without a connection, outdated facts never count as healthy. */
export function healthOf({ status, openAlerts, connection }: Known): RunHealth {
  if (!status) {
    return "unknown";
  }
  if (status.deleted) {
    return "deleted";
  }
  if (openAlerts.some(({ level }) => level === "critical")) {
    return "critical";
  }
  if (status.status === "error") {
    return "failed";
  }
  if (!hasEnded(status.status) && connection.state !== "live") {
    return "notLive";
  }
  if (openAlerts.length > 0) {
    return openAlerts.every(({ condition }) => condition === SILENT_RULE) ? "silent" : "warning";
  }
  switch (status.status) {
    case "completed":
      return "ended";
    case "stopped":
    case "idle":
      return "stopped";
    case "paused":
    case "pausing":
      return "paused";
    case "training":
      return "healthy";
    default:
      return "waiting";
  }
}
