// A run's timeline: the newest page is loaded again when an alert changes, earlier pages on demand.

import { useCallback, useEffect, useState } from "react";
import { asRequestError, type Page, type RequestError } from "../../../live/rest";
import type { TimelineEntry } from "../../../live/schemas";
import { useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { useRetry } from "../ui/useRetry";
import { onAlertBurst } from "./alertBursts";
import { merged } from "./timelineEntries";

const PAGE_SIZE = 100;
/** Changes come in bursts, for instance when a rule acts. */
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

  const load = useCallback(
    async (offset: number, signal?: AbortSignal) => {
      setIsReading(true);
      try {
        const page = await loadPage(runId, offset, signal);
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

  // `gaps` and `count` only trigger the effect.
  useEffect(() => {
    const abort = new AbortController();
    void load(0, abort.signal);
    return () => abort.abort();
  }, [load, gaps, count]);
  useEffect(
    () => onAlertBurst((alert) => alert.run_id === runId, SETTLE_MS, refetch),
    [runId, refetch],
  );

  return {
    entries: known.entries,
    numEarlier: Math.max(0, known.total - known.entries.length),
    isLoading,
    error,
    refetch,
    loadEarlier: () => void load(known.entries.length),
  };
}

function loadPage(
  runId: string,
  offset: number,
  signal?: AbortSignal,
): Promise<Page<TimelineEntry>> {
  const query = { run_id: runId, limit: PAGE_SIZE, offset };
  return rest.list<TimelineEntry>("api/alerts/timeline", query, signal);
}
