// One epoch with its evaluation; while another is read, the one before stays.

import { useCallback, useEffect, useState } from "react";
import { asRequestError, type RequestError } from "../../../../live/rest";
import type { EpochDetails } from "../../../../live/schemas";
import { rest } from "../../live/session";
import { useRetry } from "../../ui/useRetry";
import { EpochCache } from "./epochCache";

/** A slider that is dragged passes many epochs. */
const RESTING_MS = 140;

export interface ShownEpoch {
  /** Of the epoch that was asked for, or of the one that was shown before. */
  details: EpochDetails | undefined;
  /** Why the epoch that was asked for could not be read. */
  error: RequestError | undefined;
  isLoading: boolean;
  refetch(): void;
}

interface Failure {
  epoch: number;
  error: RequestError;
}

/** `listed` is the epoch as the list has it; `changes` rises when the run may have changed. */
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

  // `attempts` only says: again.
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
      isFirst ? 0 : RESTING_MS,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
    // The cache stays the same, and whether it is the first is known when the epoch changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [runId, epoch, isFresh, changes, attempts]);

  const refetch = useCallback(() => {
    setFailure(undefined);
    setAttempts((before) => before + 1);
  }, []);
  const error = failure?.epoch === epoch ? failure?.error : undefined;
  useRetry(error, refetch);
  return { details: cached ?? details, error, isLoading: !cached && !error, refetch };
}
