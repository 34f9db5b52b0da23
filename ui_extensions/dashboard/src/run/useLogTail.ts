// A run's newest printed lines: read once, carried on live, read again when lines were missed.

import { useCallback, useEffect, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import type { LogLine } from "../../../live/schemas";
import { useLive } from "../live/liveStore";
import { rest, watchLogs } from "../live/session";
import { useRetry } from "../ui/useRetry";
import { appended, carriedOn, NO_LINES, notYetRead, type Tail } from "./logLines";

const READ_LINES = 1_000;
/** Lines are written down a moment before they are told: after it, all that was read has come. */
const SETTLE_MS = 600;

export interface LogReading {
  tail: Tail;
  isLoading: boolean;
  error: RequestError | undefined;
  refetch(): void;
}

export function useLogTail(runId: string): LogReading {
  const [tail, setTail] = useState<Tail>(NO_LINES);
  const [isLoading, setIsReading] = useState(true);
  const [error, setError] = useState<RequestError>();
  const [again, setAgain] = useState(0);
  const gaps = useLive((live) => live.gaps);

  // Lines of another run go.
  useEffect(() => setTail(NO_LINES), [runId]);

  // `gaps` and `again` only say: again.
  useEffect(() => {
    const abort = new AbortController();
    /** What comes during the reading; null when it is over. */
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
      add(notYetRead(known, live));
    };
    setIsReading(true);
    rest
      .get<LogLine[]>(
        `api/training/${encodeURIComponent(runId)}/logs`,
        { limit: READ_LINES },
        abort.signal,
      )
      .then(
        (read) => {
          known = read;
          setTail((before) => carriedOn(before, read));
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
