// The prompts that a run has drawn, as its param and its commands tell them.

import { useCallback } from "react";
import type { InstructionEntry } from "../../../../live/schemas";
import { useLive } from "../../live/liveStore";
import { rest } from "../../live/session";
import { useQuery } from "../../ui/useQuery";
import { type PromptHistory, promptHistory } from "../commands/promptHistory";
import { commandsPath } from "../commands/useOneTimeCommands";
import { readStoredRun } from "../details/requests";

const NUM_READ = 1_000;

/** Undefined until it is loaded, or if it cannot be. */
export function usePromptHistory(runId: string): PromptHistory | undefined {
  const changes = useLive((live) => (live.runs[runId]?.commands ?? 0) + live.gaps);
  const read = useCallback(
    async (signal: AbortSignal) => {
      const [{ params }, entries] = await Promise.all([
        readStoredRun(runId, signal),
        rest.get<InstructionEntry[]>(commandsPath(runId), { limit: NUM_READ }, signal),
      ]);
      return promptHistory(params, entries);
    },
    [runId],
  );
  return useQuery(read, changes).data;
}
