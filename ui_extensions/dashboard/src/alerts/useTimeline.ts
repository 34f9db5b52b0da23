// A run's timeline: its newest part read again as its alerts change, its earlier parts as asked for.

import { useCallback, useEffect, useState } from "react";
import { asRequestError, type Page, type RequestError } from "../../../live/rest";
import type { TimelineEntry } from "../../../live/schemas";
import { useLive } from "../live/liveStore";
import { rest, watchAlerts } from "../live/session";
import { useRetry } from "../ui/useRetry";
import { merged } from "./timelineEntries";

const MOST_READ = 100;
/** An alert's change is followed by others, as those of a rule that acts. */
const SETTLE_MS = 400;

interface Known {
  entries: readonly TimelineEntry[];
  total: number;
}

const NOTHING: Known = { entries: [], total: 0 };

export function useTimeline(runId: string) {
  const gaps = useLive((live) => live.gaps);
  const [known, setKnown] = useState<Known>(NOTHING);
  const [isLoading, setIsReading] = useState(true);
  const [error, setError] = useState<RequestError>();
  const [count, setCount] = useState(0);
  const refetch = useCallback(() => setCount((before) => before + 1), []);
  useRetry(error, refetch);

  const read = useCallback(
    async (offset: number, signal?: AbortSignal) => {
      setIsReading(true);
      try {
        const page = await readPage(runId, offset, signal);
        setKnown((before) => ({
          entries: merged(before.entries, page.entries, offset === 0),
          total: page.total,
        }));
        setError(undefined);
      } catch (refusal) {
        if (signal?.aborted) {
          return;
        }
        setError(asRequestError(refusal));
      }
      setIsReading(false);
    },
    [runId],
  );

  // `gaps` and `count` only say: again.
  useEffect(() => {
    const abort = new AbortController();
    void read(0, abort.signal);
    return () => abort.abort();
  }, [read, gaps, count]);
  useEffect(() => whenSettled(runId, refetch), [runId, refetch]);

  return {
    entries: known.entries,
    numEarlier: Math.max(0, known.total - known.entries.length),
    isLoading,
    error,
    refetch,
    loadEarlier: () => void read(known.entries.length),
  };
}

function readPage(
  runId: string,
  offset: number,
  signal?: AbortSignal,
): Promise<Page<TimelineEntry>> {
  const query = { run_id: runId, limit: MOST_READ, offset };
  return rest.list<TimelineEntry>("api/alerts/timeline", query, signal);
}

function whenSettled(runId: string, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = watchAlerts((alert) => {
    if (alert.run_id === runId) {
      timer ??= setTimeout(() => {
        timer = undefined;
        call();
      }, SETTLE_MS);
    }
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
