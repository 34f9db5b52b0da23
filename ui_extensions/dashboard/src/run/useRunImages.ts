// The image artifacts of a run, listed again after changes.

import { useCallback } from "react";
import { useLive } from "../live/liveStore";
import { type QueryResult, useQuery } from "../ui/useQuery";
import { useThrottled } from "../ui/useThrottled";
import { type FoundImages, listImages } from "./artifacts";

const LEAST_INTERVAL_MS = 5_000;

export function useRunImages(runId: string): QueryResult<FoundImages> {
  const changes = useLive((live) => (live.runs[runId]?.artifacts ?? 0) + live.gaps);
  const read = useCallback((signal: AbortSignal) => listImages(runId, signal), [runId]);
  return useQuery(read, useThrottled(changes, LEAST_INTERVAL_MS));
}
