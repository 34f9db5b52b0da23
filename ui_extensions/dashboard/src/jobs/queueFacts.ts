// Facts about queues that follow from what the server says of them.

import type { JobQueue } from "../../../live/schemas";

/** A cluster without GPUs has no queue for them. */
export function isShown({ num_slots: numSlots, running, waiting }: JobQueue): boolean {
  return numSlots !== 0 || running.length + waiting.length > 0;
}

/** Slots that are free; a job of more ranks than there are takes all. */
export function numFree({ num_slots: numSlots, num_used: numUsed }: JobQueue): number | null {
  return numSlots === null ? null : Math.max(0, numSlots - numUsed);
}
