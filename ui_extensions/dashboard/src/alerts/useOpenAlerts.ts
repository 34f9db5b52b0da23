// The open alerts of all runs: loaded with the page and after each gap, then updated live.

import { useEffect, useMemo } from "react";
import { create } from "zustand";
import { RequestError } from "../../../live/rest";
import type { AlertLevel, CriticalAlert } from "../../../live/schemas";
import { removeAlerts, storeAlerts, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { useQuery } from "../ui/useQuery";
import { onAlertBurst } from "./alertBursts";
import {
  type ServerCount,
  serverCount,
  idsToVerify,
  numOpenOf,
  type OpenPages,
} from "./openAlertCount";

const MAX_ALERTS = 100;
const MAX_VERIFIED = 50;
const RETRY_MS = 10_000;
const RECOUNT_MS = 2_000;

/** `null` until the server has counted. */
const useServerCount = create<{ count: ServerCount | null }>()(() => ({ count: null }));

/** Mount once per page. */
export function useSyncedOpenAlerts(): void {
  const gaps = useLive((live) => live.gaps);
  const isLive = useLive((live) => live.connection.state === "live");
  const { error, isLoading, refetch } = useQuery(fetchOpenAlerts, gaps);
  useEffect(() => {
    if (error && isLive && !isLoading) {
      const timer = setTimeout(refetch, RETRY_MS);
      return () => clearTimeout(timer);
    }
  }, [error, isLive, isLoading, refetch]);
  useRecount(refetch);
}

/** Counts again after changes while some open alerts are unknown: their changes cannot be counted here. */
function useRecount(refetch: () => void): void {
  const isMore = useServerCount(({ count }) => Boolean(count?.critical || count?.warning));
  useEffect(
    () => (isMore ? onAlertBurst(() => true, RECOUNT_MS, refetch) : undefined),
    [isMore, refetch],
  );
}

/** The number of open alerts of all runs per level; `null` until counted. */
export function useNumOpen(): Readonly<Record<AlertLevel, number>> | null {
  const count = useServerCount((state) => state.count);
  const alerts = useLive((live) => live.alerts);
  return useMemo(
    () =>
      count && {
        critical: numOpenOf(alerts, count, "critical"),
        warning: numOpenOf(alerts, count, "warning"),
      },
    [alerts, count],
  );
}

async function fetchOpenAlerts(signal: AbortSignal): Promise<void> {
  const limit = MAX_ALERTS;
  const [critical, warning] = await Promise.all([
    rest.list<CriticalAlert>("api/alerts/critical", { limit }, signal),
    rest.list<CriticalAlert>("api/alerts", { state: "firing", level: "warning", limit }, signal),
  ]);
  const pages: OpenPages = { critical, warning };
  storeAlerts([...critical.entries, ...warning.entries]);
  const ids = idsToVerify(useLive.getState().alerts, pages).slice(0, MAX_VERIFIED);
  await Promise.all(ids.map((id) => fetchAlert(id, signal)));
  useServerCount.setState({ count: serverCount(useLive.getState().alerts, pages) });
}

/** Loads the present version of one alert; removes it if the server no longer has it. */
export async function fetchAlert(alertId: string, signal?: AbortSignal): Promise<void> {
  try {
    const path = `api/alerts/${encodeURIComponent(alertId)}`;
    storeAlerts([await rest.get<CriticalAlert>(path, {}, signal)]);
  } catch (error) {
    if (!(error instanceof RequestError && error.status === 404)) {
      throw error;
    }
    removeAlerts([alertId]);
  }
}
