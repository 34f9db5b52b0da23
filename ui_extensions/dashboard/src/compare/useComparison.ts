// The compared runs: loaded once, and again while they log.

import { useCallback } from "react";
import type { RunComparison } from "../../../live/schemas";
import { useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { type QueryResult, useQuery } from "../ui/useQuery";
import { useThrottled } from "../ui/useThrottled";

const REFRESH_MS = 3_000;

export function useComparison(runIds: readonly string[]): QueryResult<RunComparison> {
  const asked = runIds.join();
  const changes = useLive(({ gaps, runs }) => {
    const ofRuns = asked.split(",").map((id) => {
      const run = runs[id];
      return run ? `${run.status?.status} ${run.step} ${run.numMissed}` : "";
    });
    return `${gaps} ${ofRuns.join()}`;
  });
  const when = useThrottled(changes, REFRESH_MS);
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.get<RunComparison>("api/runs/comparison", { run_id: asked.split(",") }, signal),
    [asked],
  );
  return useQuery(read, when);
}
