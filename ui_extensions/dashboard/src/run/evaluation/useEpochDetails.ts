// One epoch with its evaluation; the previous one stays while another is loading.

import { useCallback, useEffect, useState } from "react";
import { asRequestError, type RequestError } from "../../../../live/rest";
import type { EpochDetails } from "../../../../live/schemas";
import { rest } from "../../live/session";
import { useRetry } from "../../ui/useRetry";
import { EpochCache } from "./epochCache";

/** Dragging a slider passes many epochs, of which only the last is loaded. */
const DELAY_MS = 140;

export interface ShownEpoch {
  /** Of the requested epoch, or of the one shown before. */
  details: EpochDetails | undefined;
  /** Why the requested epoch could not be loaded. */
  error: RequestError | undefined;
  isLoading: boolean;
  refetch(): void;
}

interface Failure {
  epoch: number;
  error: RequestError;
}

/** Loads `epoch`, or nothing if it is undefined; `listed` is the epoch in the list, and `changes`
rises when the run may have changed. */
export function useEpochDetails(
  runId: string,
  epoch: number | undefined,
  listed: EpochDetails | undefined,
  changes: number,
): ShownEpoch {
  const [cache] = useState(() => new EpochCache());
  const [details, setDetails] = useState<EpochDetails>();
  const [failure, setFailure] = useState<Failure>();
  const [attempts, setAttempts] = useState(0);

  const cached = epoch === undefined ? undefined : cache.get(epoch);
  if (cached && cached !== details) {
    setDetails(cached);
  }
  const isFresh = epoch === undefined || cache.isFresh(epoch, changes, listed);
  const isFirst = details === undefined;

  // `attempts` only triggers the effect.
  useEffect(() => {
    if (epoch === undefined || isFresh) {
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(
      () => {
        rest.get<EpochDetails>(`api/epochs/${epoch}`, { run_id: runId }, abort.signal).then(
          (read) => {
            cache.put(read, changes);
            setDetails(read);
            setFailure(undefined);
          },
          (error: unknown) => {
            if (!abort.signal.aborted) {
              setFailure({ epoch, error: asRequestError(error) });
            }
          },
        );
      },
      isFirst ? 0 : DELAY_MS,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
    // `cache` never changes, and `isFirst` matters only when another dependency changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [runId, epoch, isFresh, changes, attempts]);

  const refetch = useCallback(() => {
    setFailure(undefined);
    setAttempts((before) => before + 1);
  }, []);
  const error = failure?.epoch === epoch ? failure?.error : undefined;
  useRetry(error, refetch);
  return {
    details: cached ?? details,
    error,
    isLoading: epoch !== undefined && !cached && !error,
    refetch,
  };
}
