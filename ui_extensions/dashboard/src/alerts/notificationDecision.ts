// Decides whether a change of an alert shows or withdraws a browser notification.

import type { CriticalAlert } from "../../../live/schemas";
import { isCritical } from "../live/liveStore";

export type NotificationDecision = "show" | "withdraw" | "none";

/** `before` is the version known until now. */
export function decideNotification(
  alert: CriticalAlert,
  before: CriticalAlert | undefined,
): NotificationDecision {
  if (!needsAcknowledgement(alert)) {
    return "withdraw";
  }
  return before !== undefined && isCritical(before) ? "none" : "show";
}

/** Whether the alert is critical, open and not acknowledged. */
export function needsAcknowledgement(alert: CriticalAlert): boolean {
  return isCritical(alert) && alert.acknowledged_by === null;
}
