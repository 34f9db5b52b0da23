// The alerts that match a filter: loaded in pages, and updated live.

import { useCallback, useMemo, useRef, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import type { CriticalAlert } from "../../../live/schemas";
import { storeAlerts, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { useQuery } from "../ui/useQuery";
import {
  type AlertFilter,
  requestQueryOf,
  nextOffset,
  type LoadedSoFar,
  loadedSoFar,
  shown,
} from "./alertFilter";

export const PAGE_SIZE = 50;

interface Later {
  /** The first page from which this continues. */
  first: LoadedSoFar;
  soFar: LoadedSoFar;
}

/** Memoize `filter`: each new object loads again. `numShown` is how many to load first, and `onLoaded` gets how
many are loaded after another page. */
export function useAlertList(
  filter: AlertFilter,
  numShown: number,
  onLoaded: (numShown: number) => void,
) {
  const atFirst = useRef(numShown);
  const gaps = useLive((live) => live.gaps);
  const all = useLive((live) => live.alerts);
  const alerts = useMemo(() => shown(all, filter), [all, filter]);
  const loadFirst = useCallback(
    (signal: AbortSignal) => loadPage(filter, 0, signal, atFirst.current),
    [filter],
  );
  const { data: first, error, isLoading, refetch } = useQuery(loadFirst, gaps);
  const [later, setLater] = useState<Later>();
  const [more, setMore] = useState<{ isLoading: boolean; error?: RequestError }>({
    isLoading: false,
  });
  const soFar = later !== undefined && later.first === first ? later.soFar : first;

  const loadMore = async () => {
    if (first === undefined || soFar === undefined || more.isLoading) {
      return;
    }
    setMore({ isLoading: true });
    try {
      setLater({ first, soFar: await loadNext(filter, soFar) });
      setMore({ isLoading: false });
      onLoaded(known(filter).length);
    } catch (refusal) {
      setMore({ isLoading: false, error: asRequestError(refusal) });
    }
  };

  return {
    alerts,
    /** Includes alerts that are not loaded; `undefined` until the server has counted. */
    total: soFar && Math.max(alerts.length, nextOffset(alerts, soFar) + soFar.numLeft),
    isLoading,
    isLoadingMore: more.isLoading,
    error: error ?? more.error,
    refetch,
    loadMore,
  };
}

function known(filter: AlertFilter): CriticalAlert[] {
  return shown(useLive.getState().alerts, filter);
}

/** Loads pages until there is a new alert: some may be known from elsewhere. */
async function loadNext(filter: AlertFilter, from: LoadedSoFar): Promise<LoadedSoFar> {
  const numShown = known(filter).length;
  let soFar = from;
  do {
    soFar = await loadPage(filter, nextOffset(known(filter), soFar));
  } while (soFar.numLeft > 0 && known(filter).length === numShown);
  return soFar;
}

async function loadPage(
  filter: AlertFilter,
  offset: number,
  signal?: AbortSignal,
  limit = PAGE_SIZE,
): Promise<LoadedSoFar> {
  const query = { ...requestQueryOf(filter), limit, offset };
  const { entries, total } = await rest.list<CriticalAlert>("api/alerts", query, signal);
  storeAlerts(entries);
  return loadedSoFar(entries, offset, total);
}
