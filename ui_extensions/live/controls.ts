// Which commands go with which status: the server has the last word, this is what a button says before.

import type { RunStatus } from "./schemas";

export type Action = "pause" | "resume" | "stop";

const BUSY: readonly RunStatus[] = ["pending", "starting", "training", "resuming"];

const ALLOWED: Record<Action, ReadonlySet<RunStatus>> = {
  pause: new Set(BUSY),
  resume: new Set<RunStatus>(["pausing", "paused"]),
  stop: new Set<RunStatus>([...BUSY, "pausing", "paused"]),
};

export function isAllowed(action: Action, status: RunStatus): boolean {
  return ALLOWED[action].has(status);
}

/** How long a command waits for every rank, in seconds; giving accelerators back takes a checkpoint. */
export function timeoutS(action: Action, release: boolean): number {
  return action === "pause" && !release ? 20 : 120;
}

/** Longer than the server waits, so that its own answer comes first. */
export const ANSWER_SLACK_MS = 15_000;
