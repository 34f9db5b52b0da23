// A run's newest log lines: loaded once, extended live, and loaded again after a gap.

import { useCallback, useEffect, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import type { LogLine } from "../../../live/schemas";
import { useLive } from "../live/liveStore";
import { rest, watchLogs } from "../live/session";
import { useRetry } from "../ui/useRetry";
import { appended, extended, NO_LINES, notYetLoaded, type Tail } from "./logLines";

const LOADED_LINES = 1_000;
/** Lines are stored shortly before they are sent: after this time all loaded lines were received. */
const SETTLE_MS = 600;

export interface LogTailState {
  tail: Tail;
  isLoading: boolean;
  error: RequestError | undefined;
  refetch(): void;
}

export function useLogTail(runId: string): LogTailState {
  const [tail, setTail] = useState<Tail>(NO_LINES);
  const [isLoading, setIsReading] = useState(true);
  const [error, setError] = useState<RequestError>();
  const [again, setAgain] = useState(0);
  const gaps = useLive((live) => live.gaps);

  // Drops the lines of another run.
  useEffect(() => setTail(NO_LINES), [runId]);

  // `gaps` and `again` only trigger the effect.
  useEffect(() => {
    const abort = new AbortController();
    /** Lines received during the load; null after it. */
    let meanwhile: LogLine[] | null = [];
    let known: readonly LogLine[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const add = (lines: readonly LogLine[]) => setTail((before) => appended(before, lines));
    const unwatch = watchLogs((id, lines) => {
      if (id !== runId) {
        return;
      }
      if (meanwhile) {
        meanwhile.push(...lines);
      } else {
        add(lines);
      }
    });
    const settle = () => {
      const live = meanwhile ?? [];
      meanwhile = null;
      add(notYetLoaded(known, live));
    };
    setIsReading(true);
    rest
      .get<LogLine[]>(
        `api/training/${encodeURIComponent(runId)}/logs`,
        { limit: LOADED_LINES },
        abort.signal,
      )
      .then(
        (read) => {
          known = read;
          setTail((before) => extended(before, read));
          setError(undefined);
          setIsReading(false);
          timer = setTimeout(settle, SETTLE_MS);
        },
        (refused: unknown) => {
          if (!abort.signal.aborted) {
            setError(asRequestError(refused));
            setIsReading(false);
            settle();
          }
        },
      );
    return () => {
      abort.abort();
      clearTimeout(timer);
      unwatch();
      settle();
    };
  }, [runId, gaps, again]);

  const refetch = useCallback(() => setAgain((before) => before + 1), []);
  useRetry(error, refetch);
  return { tail, isLoading, error, refetch };
}
