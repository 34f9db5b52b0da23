// A colour and a shape for each thing that is told: colour is never the only sign.

import type { LinkState } from "../live/connection";
import type { AlertLevel, RunStatus } from "../live/schemas";
import type { Outcome } from "./runState";

export type Tone = "ok" | "warning" | "critical" | "info" | "stale";
export type Look = readonly [tone: Tone, sign: string];

export const STATUS_LOOKS: Readonly<Record<RunStatus, Look>> = {
  idle: ["stale", "○"],
  pending: ["info", "…"],
  starting: ["info", "…"],
  training: ["ok", "▶"],
  pausing: ["warning", "❚❚"],
  paused: ["warning", "❚❚"],
  resuming: ["info", "▶"],
  stopping: ["warning", "■"],
  stopped: ["stale", "■"],
  completed: ["ok", "✓"],
  error: ["critical", "✖"],
};

export const STALE_LOOK: Look = ["stale", "◌"];

export const LEVEL_LOOKS: Readonly<Record<AlertLevel, Look>> = {
  critical: ["critical", "✖"],
  warning: ["warning", "▲"],
};

export const OUTCOME_LOOKS: Readonly<Record<Outcome, Look>> = {
  sent: ["info", "…"],
  done: ["ok", "✓"],
  unanswered: ["warning", "▲"],
  failed: ["critical", "✖"],
  forbidden: ["critical", "✖"],
  unreachable: ["critical", "✖"],
};

export const LINK_LOOKS: Readonly<Record<LinkState, Look>> = {
  connecting: ["stale", "◌"],
  live: ["ok", "●"],
  lost: ["critical", "✖"],
  refused: ["critical", "✖"],
};
