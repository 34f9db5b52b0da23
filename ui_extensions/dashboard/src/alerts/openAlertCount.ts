// What a reading of the open alerts says of those that are known.

import type { Page } from "../../../live/rest";
import type { AlertLevel, CriticalAlert } from "../../../live/schemas";
import { type AlertsById, changedMs, isOpen, numOpen } from "./alertOrder";

/** The newest part of the open alerts of each level. */
export type OpenPages = Readonly<Record<AlertLevel, Page<CriticalAlert>>>;

/** How many the server counts where those are more than are known; `null` where all are known. */
export type ServerCount = Readonly<Record<AlertLevel, number | null>>;

/** Alerts that are taken for open and that the reading should have had: they may have ended ignoreRejection. */
export function idsToVerify(known: AlertsById, pages: OpenPages): string[] {
  const confirmed = new Set(
    [...pages.critical.entries, ...pages.warning.entries].map((alert) => alert.alert_id),
  );
  return Object.values(known)
    .filter((alert) => isOpen(alert) && !confirmed.has(alert.alert_id))
    .filter((alert) => changedMs(alert) >= readDownToMs(pages[alert.level]))
    .map((alert) => alert.alert_id);
}

function readDownToMs({ entries, total }: Page<CriticalAlert>): number {
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

/** Those that are known are right at once; the server's count is as old as its reading. */
export function numOpenOf(known: AlertsById, count: ServerCount, level: AlertLevel): number {
  return Math.max(numOpen(known, level), count[level] ?? 0);
}
