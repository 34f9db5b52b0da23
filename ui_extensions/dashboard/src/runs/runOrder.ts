// Sorts the list of runs: those with alerts first.

import type { RunSummary, TrainingStatus } from "../../../live/schemas";
import type { LiveRun } from "../live/liveStore";
import { hasEnded } from "../../../live/runStatus";

export interface ListedRun {
  summary: RunSummary;
  live: LiveRun | undefined;
  status: TrainingStatus;
}

const LEVELS: Record<string, number> = { critical: 0, warning: 1 };

/** Combines a loaded summary with the live state of the run. */
export function listedRun(summary: RunSummary, live: LiveRun | undefined): ListedRun {
  return { summary, live, status: newest(summary, live) };
}

/** A summary is newer than what was received before the connection was lost. */
function newest(summary: RunSummary, live: LiveRun | undefined): TrainingStatus {
  return live?.status && !live.isOutdated ? live.status : statusOf(summary);
}

/** Sorts by alert level, then live before ended, then newest first. */
export function inOrder(runs: readonly ListedRun[]): ListedRun[] {
  const rank = ({ status }: ListedRun): number =>
    (LEVELS[status.alert ?? ""] ?? 2) * 2 + (hasEnded(status.status) ? 1 : 0);
  const started = ({ summary }: ListedRun): string => summary.start_time ?? "9";
  return [...runs].sort((a, b) => rank(a) - rank(b) || started(b).localeCompare(started(a)));
}

function statusOf(summary: RunSummary): TrainingStatus {
  return {
    status: summary.status,
    message: summary.message,
    run_id: summary.run_id,
    run_name: summary.run_name,
    experiment_id: summary.experiment_id,
    mlflow_status: summary.mlflow_status,
    deleted: false,
    epoch: summary.epoch,
    total_epochs: summary.total_epochs,
    batch: null,
    total_batches: null,
    step: summary.step,
    elapsed_time: summary.elapsed_time,
    eta_seconds: null,
    current_image: null,
    alert: summary.alert,
    threshold_problem: summary.threshold_problem,
  };
}
