// Whether a change of an alert is worth a notification, and when one is no longer true.

import type { CriticalAlert } from "../../../live/schemas";
import { isCritical } from "../live/liveStore";

export type News = "tell" | "takeBack" | "nothing";

/** `before` is what was known of the alert until now. */
export function decideNotification(alert: CriticalAlert, before: CriticalAlert | undefined): News {
  if (!needsAcknowledgement(alert)) {
    return "takeBack";
  }
  return before !== undefined && isCritical(before) ? "nothing" : "tell";
}

/** Critical, and nobody has said that they have seen it. */
export function needsAcknowledgement(alert: CriticalAlert): boolean {
  return isCritical(alert) && alert.acknowledged_by === null;
}
