// Reconciles the loaded open alerts with those that are known, and counts them.

import type { Page } from "../../../live/rest";
import type { AlertLevel, CriticalAlert } from "../../../live/schemas";
import { type AlertsById, changedMs, isOpen, numOpen } from "./alertOrder";

/** The newest page of the open alerts of each level. */
export type OpenPages = Readonly<Record<AlertLevel, Page<CriticalAlert>>>;

/** The server's count per level; `null` if all open alerts of the level are known. */
export type ServerCount = Readonly<Record<AlertLevel, number | null>>;

/** Ids of alerts that are open here but missing from the loaded pages: they may have ended. */
export function idsToVerify(known: AlertsById, pages: OpenPages): string[] {
  const confirmed = new Set(
    [...pages.critical.entries, ...pages.warning.entries].map((alert) => alert.alert_id),
  );
  return Object.values(known)
    .filter((alert) => isOpen(alert) && !confirmed.has(alert.alert_id))
    .filter((alert) => changedMs(alert) >= loadedDownToMs(pages[alert.level]))
    .map((alert) => alert.alert_id);
}

function loadedDownToMs({ entries, total }: Page<CriticalAlert>): number {
  const last = entries.at(-1);
  return last === undefined || total <= entries.length ? 0 : changedMs(last);
}

export function serverCount(known: AlertsById, pages: OpenPages): ServerCount {
  const of = (level: AlertLevel) => {
    const { total } = pages[level];
    return total > numOpen(known, level) ? total : null;
  };
  return { critical: of("critical"), warning: of("warning") };
}

/** The known alerts are up to date; the server's count is as old as its response. */
export function numOpenOf(known: AlertsById, count: ServerCount, level: AlertLevel): number {
  return Math.max(numOpen(known, level), count[level] ?? 0);
}
