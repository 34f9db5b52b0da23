// When a metric that is logged at regular times was logged last, and how often it is.

import { useCallback, useEffect, useSyncExternalStore } from "react";
import { curves } from "../live/session";

/** MLflow measures every 10 s unless told otherwise. */
const USUAL_INTERVAL_MS = 10_000;
const RECENT = 5;

export interface LastLogged {
  /** In ms since the Unix epoch, by the clock of the machine that logs. */
  readMs: number | null;
  intervalMs: number;
}

export function useLastLogged(runId: string, metric: string | null): LastLogged {
  useEffect(() => {
    if (metric !== null) {
      curves.curve(runId, metric);
    }
  }, [runId, metric]);
  const watch = useCallback((tell: () => void) => curves.watch(runId, tell), [runId]);
  const readMs = useSyncExternalStore(watch, () => times(runId, metric)?.at(-1) ?? null);
  return { readMs, intervalMs: Math.max(USUAL_INTERVAL_MS, shortest(times(runId, metric))) };
}

function times(runId: string, metric: string | null): Float64Array | undefined {
  return metric === null ? undefined : curves.known(runId, metric)?.series.view().times;
}

/** Of the last few intervals the shortest: a run that was away for hours is no slow one. */
function shortest(all: Float64Array | undefined): number {
  const last = Array.from(all?.slice(-RECENT) ?? []);
  const intervals = last.slice(1).map((timeMs, index) => timeMs - (last[index] ?? timeMs));
  return intervals.length ? Math.min(...intervals) : 0;
}
