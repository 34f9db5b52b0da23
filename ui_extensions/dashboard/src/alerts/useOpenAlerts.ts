// The open alerts of all runs: read when the page opens and after each gap, then kept up live.

import { useEffect, useMemo } from "react";
import { create } from "zustand";
import { RequestError } from "../../../live/rest";
import type { AlertLevel, CriticalAlert } from "../../../live/schemas";
import { dropAlerts, keepAlerts, useLive } from "../live/liveStore";
import { rest, watchAlerts } from "../live/session";
import { useAnswer } from "../ui/useQuery";
import { type Counted, counted, doubtful, numOpenOf, type OpenPages } from "./openAlertCount";

const MOST_READ = 100;
const MOST_ASKED_ONE_BY_ONE = 50;
const RETRY_MS = 10_000;
const RECOUNT_MS = 2_000;

/** `null` until they were counted. */
const useCounted = create<{ count: Counted | null }>()(() => ({ count: null }));

/** To be mounted once, on every page. */
export function useKeptOpenAlerts(): void {
  const gaps = useLive((live) => live.gaps);
  const isLive = useLive((live) => live.link.state === "live");
  const { error, isReading, readAgain } = useAnswer(readOpen, gaps);
  useEffect(() => {
    if (error && isLive && !isReading) {
      const timer = setTimeout(readAgain, RETRY_MS);
      return () => clearTimeout(timer);
    }
  }, [error, isLive, isReading, readAgain]);
  useRecount(readAgain);
}

/** Where more are open than are known, those that nobody has read end and change levels uncounted. */
function useRecount(readAgain: () => void): void {
  const isMore = useCounted(({ count }) => Boolean(count?.critical || count?.warning));
  useEffect(() => {
    if (!isMore) {
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = watchAlerts(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        readAgain();
      }, RECOUNT_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [isMore, readAgain]);
}

/** Of all runs; `null` while nobody has counted them. */
export function useNumOpen(): Readonly<Record<AlertLevel, number>> | null {
  const count = useCounted((state) => state.count);
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

async function readOpen(signal: AbortSignal): Promise<void> {
  const limit = MOST_READ;
  const [critical, warning] = await Promise.all([
    rest.list<CriticalAlert>("api/alerts/critical", { limit }, signal),
    rest.list<CriticalAlert>("api/alerts", { state: "firing", level: "warning", limit }, signal),
  ]);
  const pages: OpenPages = { critical, warning };
  keepAlerts([...critical.entries, ...warning.entries]);
  const asked = doubtful(useLive.getState().alerts, pages).slice(0, MOST_ASKED_ONE_BY_ONE);
  await Promise.all(asked.map((id) => readOne(id, signal)));
  useCounted.setState({ count: counted(useLive.getState().alerts, pages) });
}

/** One alert as it is now. */
export async function readOne(alertId: string, signal?: AbortSignal): Promise<void> {
  try {
    const path = `api/alerts/${encodeURIComponent(alertId)}`;
    keepAlerts([await rest.get<CriticalAlert>(path, {}, signal)]);
  } catch (error) {
    if (!(error instanceof RequestError && error.status === 404)) {
      throw error;
    }
    dropAlerts([alertId]);
  }
}
