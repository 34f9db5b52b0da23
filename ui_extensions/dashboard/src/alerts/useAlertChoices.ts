// What there is to choose from when alerts are filtered: conditions and runs that had alerts lately.

import { useCallback, useMemo } from "react";
import type { CriticalAlert } from "../../../live/schemas";
import { storeAlerts, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { useQuery } from "../ui/useQuery";
import type { AlertFilter } from "./alertFilter";
import { newestFirst } from "./alertOrder";

const MOST_READ = 100;
const MOST_RUNS = 100;

export function useAlertChoices({ condition, runId }: AlertFilter) {
  const known = useLive((live) => live.alerts);
  const read = useCallback(async (signal: AbortSignal) => {
    const { entries } = await rest.list<CriticalAlert>("api/alerts", { limit: MOST_READ }, signal);
    storeAlerts(entries);
  }, []);
  useQuery(read);
  return useMemo(() => {
    const alerts = newestFirst(known, Object.keys(known));
    const conditions = new Set(alerts.map((alert) => alert.condition));
    const runIds = [...new Set(alerts.map((alert) => alert.run_id))].slice(0, MOST_RUNS);
    // What is chosen can be seen, though nothing is known of it.
    return {
      conditions: [...(condition === null ? conditions : conditions.add(condition))].sort(),
      runIds: runId === null || runIds.includes(runId) ? runIds : [runId, ...runIds],
    };
  }, [known, condition, runId]);
}
