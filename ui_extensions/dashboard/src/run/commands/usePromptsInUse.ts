// The prompts that a run draws now, so that they can be edited.

import { useCallback, useMemo } from "react";
import type { InstructionEntry } from "../../../../live/schemas";
import { useQuery } from "../../ui/useQuery";
import { readStoredRun } from "../details/requests";
import { promptHistory, promptsInUse } from "./promptHistory";

export function usePromptsInUse(
  runId: string,
  entries: readonly InstructionEntry[],
  isWanted: boolean,
): readonly string[] {
  const read = useCallback(
    async (signal: AbortSignal) => (isWanted ? (await readStoredRun(runId, signal)).params : []),
    [runId, isWanted],
  );
  const { data } = useQuery(read);
  return useMemo(() => promptsInUse(promptHistory(data ?? [], entries)), [data, entries]);
}
