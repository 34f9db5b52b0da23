// Whether a run is healthy, in one word: what somebody reads who only passes by the screen.

import type { ConnectionStatus } from "../../../live/connection";
import type { CriticalAlert, TrainingStatus } from "../../../live/schemas";
import type { Tone } from "../ui/Badge";
import { hasEnded } from "../../../live/runStatus";

/** An active run that nothing was heard of for so long is not called healthy. */
export const QUIET_MS = 120_000;

export type RunHealth =
  | "unknown"
  | "notLive"
  | "deleted"
  | "critical"
  | "failed"
  | "warning"
  | "quiet"
  | "healthy"
  | "held"
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
  quiet: "warning",
  healthy: "ok",
  held: "info",
  waiting: "info",
  ended: "ok",
  stopped: "stale",
};

interface Known {
  status: TrainingStatus | undefined;
  openAlerts: readonly CriticalAlert[];
  connection: ConnectionStatus;
  /** When the run was last heard of, in ms since the Unix epoch. */
  lastMessageMs: number | null;
  nowMs: number;
}

/** The worst comes first; what is not live may say that something is wrong, never that all is well. */
export function healthOf({
  status,
  openAlerts,
  connection,
  lastMessageMs,
  nowMs,
}: Known): RunHealth {
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
    return "warning";
  }
  switch (status.status) {
    case "completed":
      return "ended";
    case "stopped":
    case "idle":
      return "stopped";
    case "paused":
    case "pausing":
      return "held";
    case "training":
      return lastMessageMs !== null && nowMs - lastMessageMs > QUIET_MS ? "quiet" : "healthy";
    default:
      return "waiting";
  }
}
