// Counts the times that a run's evaluations may have changed.

import { useEffect, useRef, useState } from "react";
import { useLive } from "../../live/liveStore";

/** What an epoch's end uploads and logs comes in a burst. */
const TOGETHER_MS = 700;

export function useEvaluationChanges(runId: string): number {
  const artifacts = useLive(({ runs }) => runs[runId]?.artifacts ?? 0);
  const epoch = useLive(({ runs }) => runs[runId]?.status?.epoch);
  const status = useLive(({ runs }) => runs[runId]?.status?.status);
  const gaps = useLive((live) => live.gaps);
  const now = [artifacts, epoch, status, gaps].join();
  const [changes, setChanges] = useState(0);
  const serverCount = useRef(now);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // A burst that goes on does not keep what came first waiting.
    if (now !== serverCount.current && timer.current === undefined) {
      timer.current = setTimeout(() => {
        timer.current = undefined;
        setChanges((before) => before + 1);
      }, TOGETHER_MS);
    }
    serverCount.current = now;
  }, [now]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return changes;
}
