// The state of a run: loaded once, updated live, and loaded again after a gap.

import { useCallback } from "react";
import { useShallow } from "zustand/react/shallow";
import type { RequestError } from "../../../live/rest";
import type { LatestMetrics, TrainingStatus } from "../../../live/schemas";
import { loadMetrics, storeStatus, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { metricNames } from "../metrics/metricNames";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import { useQuery } from "../ui/useQuery";
import { useThrottled } from "../ui/useThrottled";

const MISSED_MS = 5_000;

export interface KnownRun {
  status: TrainingStatus | undefined;
  /** MLflow's names of the metrics that it has logged; undefined until they are loaded. */
  names: readonly string[] | undefined;
  error: RequestError | undefined;
  refetch(): void;
}

export function useRun(runId: string): KnownRun {
  const gaps = useLive((live) => live.gaps);
  // A page that is too slow for a while misses many updates, but loads them once in that time.
  const numMissed = useThrottled(
    useLive((live) => live.runs[runId]?.numMissed ?? 0),
    MISSED_MS,
  );
  const status = useLive((live) => live.runs[runId]?.status);
  const { catalog, isLoaded } = useMetricCatalog();
  // Every message brings new values, but new names are rare: a shallow comparison avoids rendering.
  const names = useLive(useShallow((live) => metricNames(live.runs[runId]?.metrics, catalog)));
  const read = useCallback(
    async (signal: AbortSignal) => {
      const requestedMs = Date.now();
      const [readStatus] = await Promise.all([
        rest.get<TrainingStatus>(`api/runs/${encodeURIComponent(runId)}`, {}, signal),
        loadMetrics(runId, () =>
          rest.get<LatestMetrics>("api/metrics/latest", { run_id: runId }, signal),
        ),
      ]);
      storeStatus(readStatus, requestedMs);
    },
    [runId],
  );
  const { error, refetch } = useQuery(read, `${gaps} ${numMissed}`);
  return { status, names: isLoaded ? names : undefined, error, refetch };
}
