// The one-time commands that a run takes now, and its newest answers, both as they change.

import { useCallback, useRef } from "react";
import type { InstructionEntry, UnderstoodCommands } from "../../../../live/schemas";
import { useLive } from "../../live/liveStore";
import { rest } from "../../live/session";
import { useNowInView } from "../../ui/useNow";
import { useQuery } from "../../ui/useQuery";

/** A program says what it understands some time after its run has begun. */
const ASK_AGAIN_MS = 10_000;
const NUM_READ = 100;
const NONE: readonly InstructionEntry[] = [];

export interface OneTimeCommandsState {
  /** Undefined until they are loaded. */
  names: readonly string[] | undefined;
  /** Newest first. */
  entries: readonly InstructionEntry[];
  refetch(): void;
}

export function commandsPath(runId: string): string {
  return `api/v1/runs/${encodeURIComponent(runId)}/commands`;
}

export function useOneTimeCommands(runId: string): OneTimeCommandsState {
  const status = useLive((live) => live.runs[runId]?.status?.status);
  const changes = useLive((live) => live.runs[runId]?.commands ?? 0);
  const gaps = useLive((live) => live.gaps);
  const nowMs = useNowInView(ASK_AGAIN_MS);
  const hasNames = useRef(false);
  const readNames = useCallback(
    (signal: AbortSignal) =>
      rest.get<UnderstoodCommands>(`${commandsPath(runId)}/understood`, {}, signal),
    [runId],
  );
  const understood = useQuery(readNames, `${status} ${gaps} ${hasNames.current ? "" : nowMs}`);
  hasNames.current = (understood.data?.names.length ?? 0) > 0;
  const readEntries = useCallback(
    (signal: AbortSignal) =>
      rest.get<InstructionEntry[]>(commandsPath(runId), { limit: NUM_READ }, signal),
    [runId],
  );
  const { data, refetch } = useQuery(readEntries, `${status} ${gaps} ${changes}`);
  return { names: understood.data?.names, entries: data ?? NONE, refetch };
}
