// Facts that follow from a run's status: whether it has ended, and how much of it is done.

import type { RunStatus, TrainingStatus } from "./schemas";

const ENDED: ReadonlySet<RunStatus> = new Set(["stopped", "completed", "error", "idle"]);

export function hasEnded(status: RunStatus): boolean {
  return ENDED.has(status);
}

/** From 0 to 1; null if the run's length is unknown. */
export function shareDone(status: TrainingStatus): number | null {
  const { total_epochs: epochs, total_batches: batches, step } = status;
  if (status.status === "completed") {
    return 1;
  }
  if (!epochs || !batches || step === null) {
    return null;
  }
  return Math.min(1, Math.max(0, step / (epochs * batches)));
}
