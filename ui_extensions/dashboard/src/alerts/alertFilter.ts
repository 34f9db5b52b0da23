// The filter of the alerts page: in the URL, in requests, and applied to live alerts.

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

export const ALL_OPEN: AlertFilter = {
  state: "open",
  level: null,
  condition: null,
  runId: null,
  isAcknowledged: null,
};

const LEVELS: readonly AlertLevel[] = ["critical", "warning"];
const ANSWERS: Readonly<Record<string, boolean>> = { yes: true, no: false };

/** Parses the query of the URL; unknown values do not filter. */
export function filterOf(query: URLSearchParams): AlertFilter {
  const value = (name: string) => query.get(name) || null;
  return {
    state: STATES.find((state) => state === value("state")) ?? ALL_OPEN.state,
    level: LEVELS.find((level) => level === value("level")) ?? null,
    condition: value("condition"),
    runId: value("run"),
    isAcknowledged: ANSWERS[value("acknowledged") ?? ""] ?? null,
  };
}

export function queryOf(filter: AlertFilter): URLSearchParams {
  const query = new URLSearchParams();
  const set = (name: string, word: string | null) => {
    if (word !== null) {
      query.set(name, word);
    }
  };
  set("state", filter.state === ALL_OPEN.state ? null : filter.state);
  set("level", filter.level);
  set("condition", filter.condition);
  set("run", filter.runId);
  set("acknowledged", filter.isAcknowledged === null ? null : filter.isAcknowledged ? "yes" : "no");
  return query;
}

export function hrefOf(filter: Partial<AlertFilter>): string {
  const query = queryOf({ ...ALL_OPEN, ...filter }).toString();
  return query === "" ? "#/alerts" : `#/alerts?${query}`;
}

/** Whether anything but the state is filtered. */
export function isNarrowed({ state: _, ...others }: AlertFilter): boolean {
  return Object.values(others).some((choice) => choice !== null);
}

/** The query of `GET api/alerts`. */
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

/** How far the server's list, newest change first, is loaded. */
export interface LoadedSoFar {
  /** Time of the last loaded alert; 0 if the list is loaded to its end. */
  downToMs: number;
  /** Number of alerts that are not loaded. */
  numLeft: number;
}

export function loadedSoFar(
  entries: readonly CriticalAlert[],
  offset: number,
  total: number,
): LoadedSoFar {
  const last = entries.at(-1);
  const numLeft = last ? Math.max(0, total - offset - entries.length) : 0;
  return { downToMs: last && numLeft > 0 ? changedMs(last) : 0, numLeft };
}

/** The offset of the next page.

The list grows and shrinks at its head as alerts change, so the number loaded is not the offset. */
export function nextOffset(listed: readonly CriticalAlert[], { downToMs }: LoadedSoFar): number {
  return listed.filter((alert) => changedMs(alert) >= downToMs).length;
}
