// Whether a run is silent: the server says so in an alert.

import type { CriticalAlert } from "./schemas";

/** The server's name for the metric of inactivity alerts, whose values are seconds. */
export const SILENCE_METRIC = "heartbeat";

export function isSilent(alerts: Iterable<CriticalAlert>, runId: string | null): boolean {
  for (const alert of alerts) {
    if (alert.run_id === runId && alert.metric === SILENCE_METRIC && alert.state === "firing") {
      return true;
    }
  }
  return false;
}
