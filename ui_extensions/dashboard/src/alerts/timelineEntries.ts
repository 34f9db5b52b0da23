// What became of a run's alerts: entries that are read in parts and shown by day.

import type { TimelineEntry } from "../../../live/schemas";

/** `known` and `read` put together, newest first. Entries never change, and their ids rise.

Where `read` is the newest page and begins after a gap, what lies beyond the gap is let go of. */
export function merged(
  known: readonly TimelineEntry[],
  read: readonly TimelineEntry[],
  isNewestPage: boolean,
): TimelineEntry[] {
  const newestKnown = known[0]?.id ?? -1;
  const oldestRead = read.at(-1)?.id ?? -1;
  if (isNewestPage && oldestRead > newestKnown) {
    return [...read];
  }
  const byId = new Map([...known, ...read].map((entry) => [entry.id, entry]));
  return [...byId.values()].sort((a, b) => b.id - a.id);
}

export interface Day {
  name: string;
  /** The newest of its entries' times. */
  time: string;
  entries: TimelineEntry[];
}

/** By the reader's own days. */
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
