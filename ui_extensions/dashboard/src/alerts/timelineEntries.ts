// Merges the loaded pages of a timeline, and groups the entries by day.

import type { TimelineEntry } from "../../../live/schemas";

/** Merges `known` and `loaded`, newest first. Entries never change, and their ids ascend.

If `loaded` is the newest page and starts after a gap, the entries before the gap are dropped. */
export function merged(
  known: readonly TimelineEntry[],
  loaded: readonly TimelineEntry[],
  isNewestPage: boolean,
): TimelineEntry[] {
  const newestKnown = known[0]?.id ?? -1;
  const oldestLoaded = loaded.at(-1)?.id ?? -1;
  if (isNewestPage && oldestLoaded > newestKnown) {
    return [...loaded];
  }
  const byId = new Map([...known, ...loaded].map((entry) => [entry.id, entry]));
  return [...byId.values()].sort((a, b) => b.id - a.id);
}

export interface Day {
  name: string;
  /** Time of its newest entry. */
  time: string;
  entries: TimelineEntry[];
}

/** Groups by day in the user's time zone. */
export function byDay(entries: readonly TimelineEntry[]): Day[] {
  const days: Day[] = [];
  for (const entry of entries) {
    const name = new Date(entry.timestamp).toDateString();
    const day = days.at(-1);
    if (day?.name === name) {
      day.entries.push(entry);
    } else {
      days.push({ name, time: entry.timestamp, entries: [entry] });
    }
  }
  return days;
}
