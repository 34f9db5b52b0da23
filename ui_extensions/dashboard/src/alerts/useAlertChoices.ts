// The choices of the filters: conditions and runs with recent alerts.

import { useCallback, useMemo } from "react";
import type { CriticalAlert } from "../../../live/schemas";
import { storeAlerts, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { useQuery } from "../ui/useQuery";
import type { AlertFilter } from "./alertFilter";
import { newestFirst } from "./alertOrder";

const MAX_ALERTS = 100;
const MAX_RUNS = 100;

export function useAlertChoices({ condition, runId }: AlertFilter) {
  const known = useLive((live) => live.alerts);
  const read = useCallback(async (signal: AbortSignal) => {
    const { entries } = await rest.list<CriticalAlert>("api/alerts", { limit: MAX_ALERTS }, signal);
    storeAlerts(entries);
  }, []);
  useQuery(read);
  return useMemo(() => {
    const alerts = newestFirst(known, Object.keys(known));
    const conditions = new Set(alerts.map((alert) => alert.condition));
    const runIds = [...new Set(alerts.map((alert) => alert.run_id))].slice(0, MAX_RUNS);
    // The chosen values are always listed.
    return {
      conditions: [...(condition === null ? conditions : conditions.add(condition))].sort(),
      runIds: runId === null || runIds.includes(runId) ? runIds : [runId, ...runIds],
    };
  }, [known, condition, runId]);
}
