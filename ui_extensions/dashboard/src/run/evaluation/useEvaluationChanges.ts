// Counts the changes of a run that may affect its evaluations.

import { useEffect, useRef, useState } from "react";
import { useLive } from "../../live/liveStore";

/** The end of an epoch logs and uploads in a burst, which counts as one change. */
const BURST_MS = 700;

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
    // The timer is not restarted, so a long burst does not delay the first change.
    if (now !== serverCount.current && timer.current === undefined) {
      timer.current = setTimeout(() => {
        timer.current = undefined;
        setChanges((before) => before + 1);
      }, BURST_MS);
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
