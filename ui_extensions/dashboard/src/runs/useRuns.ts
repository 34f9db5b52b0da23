// The list of runs: loaded from the server, updated live, and loaded again when a run is new.

import { useCallback, useEffect, useMemo, useState } from "react";
import type { RequestError } from "../../../live/rest";
import type { RunSummary } from "../../../live/schemas";
import { type LiveRun, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { useQuery } from "../ui/useQuery";
import { inOrder, type ListedRun, listedRun } from "./runOrder";

export interface RunFilter {
  experiment: string;
  status: string;
  limit: number;
}

export interface Runs {
  runs: readonly ListedRun[];
  total: number;
  isLoading: boolean;
  error: RequestError | undefined;
  refetch(): void;
}

const SETTLE_MS = 500;

export function useRuns({ experiment, status, limit }: RunFilter): Runs {
  const gaps = useLive((live) => live.gaps);
  const live = useLive((state) => state.runs);
  const [changes, setChanges] = useState(0);
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.list<RunSummary>("api/runs", { experiment, status, limit }, signal),
    [experiment, status, limit],
  );
  const { data, error, isLoading, refetch } = useQuery(read, `${gaps} ${changes}`);

  const listKey = listKeyOf(live);
  // `listKey` only triggers the effect.
  useEffect(() => {
    const timer = setTimeout(() => setChanges((count) => count + 1), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [listKey]);

  const runs = useMemo(
    () =>
      inOrder(
        (data?.entries ?? [])
          .map((summary) => listedRun(summary, live[summary.run_id]))
          .filter((run) => !run.status.deleted),
      ),
    [data, live],
  );
  return { runs, total: data?.total ?? 0, isLoading, error, refetch };
}

/** A text that changes when the list of runs may change: ids and statuses. */
function listKeyOf(live: Readonly<Record<string, LiveRun>>): string {
  return Object.entries(live)
    .map(([id, run]) => `${id} ${run.status?.status ?? ""} ${run.status?.deleted ?? ""}`)
    .sort()
    .join("\n");
}
