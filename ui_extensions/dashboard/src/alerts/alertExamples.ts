// Alerts and timeline entries for tests.

import type { CriticalAlert, TimelineEntry } from "../../../live/schemas";

export function anAlert(part: Partial<CriticalAlert> = {}): CriticalAlert {
  return {
    alert_id: "a",
    run_id: "r",
    condition: "RAO",
    metric: "critical/RAO",
    state: "firing",
    level: "critical",
    message: "critical/RAO is 0.8 at step 100, below 0.99",
    message_code: "below",
    current_value: 0.8,
    not_finite: null,
    threshold: 0.99,
    support: 13,
    confidence_interval: [0.49, 0.92],
    insufficient_evidence: true,
    step: 100,
    first_step: 100,
    epoch: 1,
    batch: null,
    timestamp: "2026-01-02T03:04:05Z",
    started_at: "2026-01-02T03:04:05Z",
    recommendation: null,
    recommendation_code: null,
    action: "none",
    acknowledged_by: null,
    acknowledged_at: null,
    note: "",
    ...part,
  };
}

export function byId(...alerts: CriticalAlert[]): Record<string, CriticalAlert> {
  return Object.fromEntries(alerts.map((alert) => [alert.alert_id, alert]));
}

export function anEntry(id: number, part: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    id,
    timestamp: "2026-01-02T12:00:00Z",
    alert_id: "a",
    condition: "RAO",
    metric: "critical/RAO",
    kind: "fired",
    level: "critical",
    step: 100,
    value: 0.8,
    who: "",
    note: "",
    ...part,
  };
}
