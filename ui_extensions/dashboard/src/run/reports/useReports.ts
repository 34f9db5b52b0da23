// A run's evaluation reports and jobs, loaded again when the run has new artifacts or a run is new.

import { useCallback } from "react";
import { useShallow } from "zustand/react/shallow";
import type { RequestError } from "../../../../live/rest";
import type { JobEntry } from "../../../../live/schemas";
import { type LiveRun, useLive } from "../../live/liveStore";
import { useQuery } from "../../ui/useQuery";
import { useThrottled } from "../../ui/useThrottled";
import { loadEvaluationJobs, loadReports, type Report, shownJobs } from "./loadReports";

const MIN_INTERVAL_MS = 3_000;
const NONE: readonly JobEntry[] = [];

export interface ReportsOfRun {
  reports: readonly Report[];
  hasCheckpoints: boolean;
  jobs: readonly JobEntry[];
  error: RequestError | undefined;
  refetch(): void;
}

export function useReports(runId: string): ReportsOfRun {
  const artifacts = useLive(({ runs, gaps }) => (runs[runId]?.artifacts ?? 0) + gaps);
  const changes = useThrottled(artifacts, MIN_INTERVAL_MS);
  const numRuns = useThrottled(
    useLive(({ runs }) => Object.keys(runs).length),
    MIN_INTERVAL_MS,
  );
  const readReports = useCallback((signal: AbortSignal) => loadReports(runId, signal), [runId]);
  const readJobs = useCallback((signal: AbortSignal) => loadEvaluationJobs(runId, signal), [runId]);
  const reports = useQuery(readReports, changes);
  const jobs = useQuery(readJobs, `${changes} ${numRuns}`);
  return {
    reports: reports.data?.reports ?? [],
    hasCheckpoints: reports.data?.hasCheckpoints ?? false,
    jobs: shownJobs(useLiveJobs(jobs.data ?? NONE)),
    error: reports.error ?? jobs.error,
    refetch() {
      reports.refetch();
      jobs.refetch();
    },
  };
}

/** The jobs with the status that their own runs have reported since. */
function useLiveJobs(jobs: readonly JobEntry[]): JobEntry[] {
  const runs = useLive(useShallow((live) => jobs.map(({ run_id: id }) => live.runs[id])));
  return jobs.map((job, index) => withLiveStatus(job, runs[index]));
}

function withLiveStatus(job: JobEntry, run: LiveRun | undefined): JobEntry {
  const { status } = run ?? {};
  return status ? { ...job, status: status.status, message: status.message } : job;
}
