// A colour and a shape for each thing that is told: colour is never the only sign.

import type { LinkState } from "../live/connection";
import type { AlertLevel } from "../live/schemas";
import type { Look } from "../live/statusAppearance";
import type { Outcome } from "./runState";

export { type Look, STATUS_LOOKS, type Tone } from "../live/statusAppearance";

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
