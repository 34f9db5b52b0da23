// Loads a list of the server again every few seconds while the page is in view, and after changes.

import { type QueryResult, useQuery } from "../ui/useQuery";
import { useNowInView } from "../ui/useNow";

const RELOAD_MS = 5_000;

/** Wrap `read` in useCallback, or define it outside of components. */
export function useReloaded<T>(
  read: (signal: AbortSignal) => Promise<T>,
  changes = 0,
): QueryResult<T> & { nowMs: number } {
  const nowMs = useNowInView(RELOAD_MS);
  return { ...useQuery(read, `${nowMs} ${changes}`), nowMs };
}
