// The colour and sign of each state; colour is never the only sign.

import type { ConnectionState } from "../live/connection";
import type { AlertLevel } from "../live/schemas";
import type { Appearance } from "../live/statusAppearance";
import type { Outcome } from "./runState";

export { type Appearance, STATUS_APPEARANCE, type Tone } from "../live/statusAppearance";

export const STALE_APPEARANCE: Appearance = ["stale", "◌"];

export const LEVEL_APPEARANCE: Readonly<Record<AlertLevel, Appearance>> = {
  critical: ["critical", "✖"],
  warning: ["warning", "▲"],
};

export const OUTCOME_APPEARANCE: Readonly<Record<Outcome, Appearance>> = {
  sent: ["info", "…"],
  done: ["ok", "✓"],
  unanswered: ["warning", "▲"],
  failed: ["critical", "✖"],
  forbidden: ["critical", "✖"],
  unreachable: ["critical", "✖"],
};

export const CONNECTION_APPEARANCE: Readonly<Record<ConnectionState, Appearance>> = {
  connecting: ["stale", "◌"],
  live: ["ok", "●"],
  lost: ["critical", "✖"],
  refused: ["critical", "✖"],
};
