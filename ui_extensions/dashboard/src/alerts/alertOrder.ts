// Sorts alerts and counts the open ones.

import type { AlertLevel, CriticalAlert } from "../../../live/schemas";

export type AlertsById = Readonly<Record<string, CriticalAlert>>;

export function isOpen(alert: CriticalAlert): boolean {
  return alert.state === "firing";
}

/** Time of the last change, in ms since the Unix epoch. */
export function changedMs(alert: CriticalAlert): number {
  return Date.parse(alert.timestamp);
}

/** Sorts open before past, critical before warning, then the newest change first. */
export function byUrgency(a: CriticalAlert, b: CriticalAlert): number {
  return (
    urgency(b) - urgency(a) || changedMs(b) - changedMs(a) || a.alert_id.localeCompare(b.alert_id)
  );
}

function urgency(alert: CriticalAlert): number {
  if (!isOpen(alert)) {
    return 0;
  }
  return alert.level === "critical" ? 2 : 1;
}

export function ofRun(alerts: AlertsById, runId: string): CriticalAlert[] {
  return Object.values(alerts)
    .filter((alert) => alert.run_id === runId)
    .sort(byUrgency);
}

export function openOf(alerts: AlertsById, runId: string): CriticalAlert[] {
  return ofRun(alerts, runId).filter(isOpen);
}

export function numOpen(alerts: AlertsById, level: AlertLevel): number {
  let count = 0;
  for (const alert of Object.values(alerts)) {
    if (isOpen(alert) && alert.level === level) {
      count += 1;
    }
  }
  return count;
}

/** The known alerts among `ids`, newest change first. */
export function newestFirst(alerts: AlertsById, ids: readonly string[]): CriticalAlert[] {
  return ids
    .flatMap((id) => alerts[id] ?? [])
    .sort((a, b) => changedMs(b) - changedMs(a) || a.alert_id.localeCompare(b.alert_id));
}
