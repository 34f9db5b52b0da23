// The compared runs: loaded in batches, and again those of which a run has logged something.

import { useCallback, useRef } from "react";
import type { RunComparison } from "../../../live/schemas";
import { type LiveState, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { type QueryResult, useQuery } from "../ui/useQuery";
import { useThrottled } from "../ui/useThrottled";
import { mergedComparison } from "./mergedComparison";

const REFRESH_MS = 3_000;
/** So few ids fit into an address that every proxy takes. */
const BATCH = 50;

interface Batch {
  /** What was known of its runs when it was loaded. */
  state: string;
  comparison: RunComparison;
}

export function useComparison(runIds: readonly string[]): QueryResult<RunComparison> {
  const asked = runIds.join();
  const loaded = useRef(new Map<string, Batch>());
  const changes = useLive((live) => stateOf(live, asked));
  const when = useThrottled(changes, REFRESH_MS);
  const read = useCallback(
    async (signal: AbortSignal) => {
      const batches = await Promise.all(
        batchesOf(asked.split(",")).map(async (ids): Promise<[string, Batch]> => {
          const key = ids.join();
          const state = stateOf(useLive.getState(), key);
          const known = loaded.current.get(key);
          if (known?.state === state) {
            return [key, known];
          }
          const comparison = await rest.get<RunComparison>(
            "api/runs/comparison",
            { run_id: ids },
            signal,
          );
          return [key, { state, comparison }];
        }),
      );
      loaded.current = new Map(batches);
      return mergedComparison(batches.map(([, { comparison }]) => comparison));
    },
    [asked],
  );
  return useQuery(read, when);
}

/** A text that changes when one of the runs has logged something. */
function stateOf({ gaps, runs }: LiveState, ids: string): string {
  const ofRuns = ids.split(",").map((id) => {
    const run = runs[id];
    return run ? `${run.status?.status} ${run.step} ${run.numMissed}` : "";
  });
  return `${gaps} ${ofRuns.join()}`;
}

function batchesOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, index) =>
    ids.slice(index * BATCH, (index + 1) * BATCH),
  );
}
