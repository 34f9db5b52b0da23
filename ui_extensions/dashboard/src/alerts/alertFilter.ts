// Which alerts the page shows: said in its address, asked of the server, and kept to as they change.

import type { AlertLevel, CriticalAlert } from "../../../live/schemas";
import { type AlertsById, byUrgency, changedMs, isOpen } from "./alertOrder";

export const STATES = ["open", "past", "all"] as const;
export type ShownState = (typeof STATES)[number];

export interface AlertFilter {
  state: ShownState;
  level: AlertLevel | null;
  condition: string | null;
  runId: string | null;
  isAcknowledged: boolean | null;
}

export const EVERY_OPEN: AlertFilter = {
  state: "open",
  level: null,
  condition: null,
  runId: null,
  isAcknowledged: null,
};

const LEVELS: readonly AlertLevel[] = ["critical", "warning"];
const ANSWERS: Readonly<Record<string, boolean>> = { yes: true, no: false };

/** What the address says; words that it does not know do not filter. */
export function filterOf(query: URLSearchParams): AlertFilter {
  const asked = (name: string) => query.get(name) || null;
  return {
    state: STATES.find((state) => state === asked("state")) ?? EVERY_OPEN.state,
    level: LEVELS.find((level) => level === asked("level")) ?? null,
    condition: asked("condition"),
    runId: asked("run"),
    isAcknowledged: ANSWERS[asked("acknowledged") ?? ""] ?? null,
  };
}

export function queryOf(filter: AlertFilter): URLSearchParams {
  const query = new URLSearchParams();
  const say = (name: string, word: string | null) => {
    if (word !== null) {
      query.set(name, word);
    }
  };
  say("state", filter.state === EVERY_OPEN.state ? null : filter.state);
  say("level", filter.level);
  say("condition", filter.condition);
  say("run", filter.runId);
  say("acknowledged", filter.isAcknowledged === null ? null : filter.isAcknowledged ? "yes" : "no");
  return query;
}

export function hrefOf(filter: Partial<AlertFilter>): string {
  const query = queryOf({ ...EVERY_OPEN, ...filter }).toString();
  return query === "" ? "#/alerts" : `#/alerts?${query}`;
}

/** Whether more is chosen than open, past or all. */
export function isNarrowed({ state: _, ...others }: AlertFilter): boolean {
  return Object.values(others).some((choice) => choice !== null);
}

/** As `GET api/alerts` takes it. */
export function requestQueryOf(filter: AlertFilter): Record<string, string | boolean | null> {
  const states = { open: "firing", past: "resolved", all: null } as const;
  return {
    state: states[filter.state],
    level: filter.level,
    condition: filter.condition,
    run_id: filter.runId,
    acknowledged: filter.isAcknowledged,
  };
}

export function matches(alert: CriticalAlert, filter: AlertFilter): boolean {
  return (
    (filter.state === "all" || (filter.state === "open") === isOpen(alert)) &&
    (filter.level === null || alert.level === filter.level) &&
    (filter.condition === null || alert.condition === filter.condition) &&
    (filter.runId === null || alert.run_id === filter.runId) &&
    (filter.isAcknowledged === null || filter.isAcknowledged === (alert.acknowledged_by !== null))
  );
}

export function shown(alerts: AlertsById, filter: AlertFilter): CriticalAlert[] {
  return Object.values(alerts)
    .filter((alert) => matches(alert, filter))
    .sort(byUrgency);
}

/** How far the server's list, the newest change first, has been read. */
export interface ReadSoFar {
  /** Of the last alert that was read; 0 where the list has been read to its end. */
  downToMs: number;
  /** Alerts that lie beyond. */
  numLeft: number;
}

export function readSoFar(
  entries: readonly CriticalAlert[],
  offset: number,
  total: number,
): ReadSoFar {
  const last = entries.at(-1);
  const numLeft = last ? Math.max(0, total - offset - entries.length) : 0;
  return { downToMs: last && numLeft > 0 ? changedMs(last) : 0, numLeft };
}

/** Alerts before the end of what was read: what to leave out when reading on.

The list grows and shrinks at its head as alerts change, so the number read is no measure. */
export function nextOffset(listed: readonly CriticalAlert[], { downToMs }: ReadSoFar): number {
  return listed.filter((alert) => changedMs(alert) >= downToMs).length;
}
