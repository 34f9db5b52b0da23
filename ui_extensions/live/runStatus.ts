// Which statuses mean that a run has ended.

import type { RunStatus } from "./schemas";

const ENDED: ReadonlySet<RunStatus> = new Set(["stopped", "completed", "error", "idle"]);

export function hasEnded(status: RunStatus): boolean {
  return ENDED.has(status);
}
