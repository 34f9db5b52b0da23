// How many charts each panel shows, as far as somebody has chosen, in the address of the page.

import { useCallback, useMemo } from "react";
import { changeInQuery, currentQuery, useHashQuery } from "../ui/hashLocation";

const NAME = "panels";
/** Anybody may have typed the address. */
const MOST_CHARTS = 10_000;

/** The number of charts by the key of the panel; 0 for a closed one. */
export type ShownCharts = ReadonlyMap<string, number>;

export function shownIn(text: string | null): ShownCharts {
  const counts = new Map<string, number>();
  for (const entry of (text ?? "").split(",")) {
    const [key, count, ...others] = entry.split(":");
    const shown = Number(count || Number.NaN);
    const isCount = Number.isInteger(shown) && shown >= 0 && others.length === 0;
    if (key !== undefined && isCount) {
      counts.set(decoded(key), Math.min(shown, MOST_CHARTS));
    }
  }
  return counts;
}

export function addressOfShown(counts: ShownCharts): string {
  return [...counts].map(([key, count]) => `${encodeURIComponent(key)}:${count}`).join();
}

/** Like useState, for the numbers of all panels. */
export function useShownCharts(): [ShownCharts, (key: string, count: number) => void] {
  const [query] = useHashQuery();
  const text = query.get(NAME);
  const counts = useMemo(() => shownIn(text), [text]);
  const set = useCallback((key: string, count: number) => {
    const now = shownIn(new URLSearchParams(currentQuery()).get(NAME));
    changeInQuery({ [NAME]: addressOfShown(new Map([...now, [key, count]])) });
  }, []);
  return [counts, set];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
