// The alerts that a filter lets through: read in pages, and right as they change.

import { useCallback, useMemo, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import type { CriticalAlert } from "../../../live/schemas";
import { storeAlerts, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { useQuery } from "../ui/useQuery";
import {
  type AlertFilter,
  requestQueryOf,
  nextOffset,
  type ReadSoFar,
  readSoFar,
  shown,
} from "./alertFilter";

const PAGE_SIZE = 50;

interface Later {
  /** The reading of the first page that this goes on from. */
  first: ReadSoFar;
  soFar: ReadSoFar;
}

/** `filter` must keep its identity as long as it says the same. */
export function useAlertList(filter: AlertFilter) {
  const gaps = useLive((live) => live.gaps);
  const all = useLive((live) => live.alerts);
  const alerts = useMemo(() => shown(all, filter), [all, filter]);
  const readFirst = useCallback((signal: AbortSignal) => readPage(filter, 0, signal), [filter]);
  const { data: first, error, isLoading, refetch } = useQuery(readFirst, gaps);
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
      setLater({ first, soFar: await readOn(filter, soFar) });
      setMore({ isLoading: false });
    } catch (refusal) {
      setMore({ isLoading: false, error: asRequestError(refusal) });
    }
  };

  return {
    alerts,
    /** With those that are not read yet; `undefined` until the server has serverCount. */
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

/** Until there is something that was not shown before, since some may be known from elsewhere. */
async function readOn(filter: AlertFilter, from: ReadSoFar): Promise<ReadSoFar> {
  const numShown = known(filter).length;
  let soFar = from;
  do {
    soFar = await readPage(filter, nextOffset(known(filter), soFar));
  } while (soFar.numLeft > 0 && known(filter).length === numShown);
  return soFar;
}

async function readPage(
  filter: AlertFilter,
  offset: number,
  signal?: AbortSignal,
): Promise<ReadSoFar> {
  const query = { ...requestQueryOf(filter), limit: PAGE_SIZE, offset };
  const { entries, total } = await rest.list<CriticalAlert>("api/alerts", query, signal);
  storeAlerts(entries);
  return readSoFar(entries, offset, total);
}
