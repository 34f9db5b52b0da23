// When a regularly logged metric was logged last, and at which interval.

import { useCallback, useEffect, useSyncExternalStore } from "react";
import { curves } from "../live/session";

/** MLflow's default interval of system metrics. */
const USUAL_INTERVAL_MS = 10_000;
const RECENT = 5;

export interface LastLogged {
  /** In ms since the Unix epoch, by the clock of the logging machine. */
  readMs: number | null;
  intervalMs: number;
}

export function useLastLogged(runId: string, metric: string | null): LastLogged {
  useEffect(() => {
    if (metric !== null) {
      curves.curve(runId, metric);
    }
  }, [runId, metric]);
  const watch = useCallback((onChange: () => void) => curves.watch(runId, onChange), [runId]);
  const readMs = useSyncExternalStore(watch, () => times(runId, metric)?.at(-1) ?? null);
  return { readMs, intervalMs: Math.max(USUAL_INTERVAL_MS, shortest(times(runId, metric))) };
}

function times(runId: string, metric: string | null): Float64Array | undefined {
  return metric === null ? undefined : curves.known(runId, metric)?.series.view().times;
}

/** The shortest of the last intervals, because a resumed run has one long interval. */
function shortest(all: Float64Array | undefined): number {
  const last = Array.from(all?.slice(-RECENT) ?? []);
  const intervals = last.slice(1).map((timeMs, index) => timeMs - (last[index] ?? timeMs));
  return intervals.length ? Math.min(...intervals) : 0;
}
