// The run's epochs, loaded once and then updated after changes.

import { useCallback, useRef } from "react";
import type { EpochDetails } from "../../../../live/schemas";
import { rest } from "../../live/session";
import { type QueryResult, useQuery } from "../../ui/useQuery";
import { type EpochList, loadEpochs } from "./epochs";

export function useEpochList(runId: string, changes: number): QueryResult<EpochList> {
  const known = useRef<EpochList>(undefined);
  const read = useCallback(
    async (signal: AbortSignal) => {
      const list = await loadEpochs(
        (limit) => rest.list<EpochDetails>("api/epochs", { run_id: runId, limit }, signal),
        known.current,
      );
      known.current = list;
      return list;
    },
    [runId],
  );
  return useQuery(read, changes);
}
