// Loads data from the server, and loads it again when its dependencies change.

import { useCallback, useEffect, useRef, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import { useRetry } from "./useRetry";

export interface QueryResult<T> {
  data: T | undefined;
  /** The error of the last load; `data` is then that of an earlier one. */
  error: RequestError | undefined;
  isLoading: boolean;
  refetch(): void;
}

/** Loads with `read`, and again whenever `read` or `when` changes. Wrap `read` in useCallback.

The previous data stays until the new data is loaded, unless `read` has changed. A load that the
server could not answer is retried while the page is connected. */
export function useQuery<T>(
  read: (signal: AbortSignal) => Promise<T>,
  when: unknown = 0,
): QueryResult<T> {
  const [state, setState] = useState<Omit<QueryResult<T>, "refetch">>({
    data: undefined,
    error: undefined,
    isLoading: true,
  });
  const [count, setCount] = useState(0);
  const shown = useRef(read);
  // `when` and `count` only trigger the effect.
  useEffect(() => {
    const abort = new AbortController();
    const isSame = shown.current === read;
    shown.current = read;
    setState((before) => ({
      ...(isSame ? before : { data: undefined, error: undefined }),
      isLoading: true,
    }));
    read(abort.signal).then(
      (data) => setState({ data, error: undefined, isLoading: false }),
      (error: unknown) => {
        if (!abort.signal.aborted) {
          setState((before) => ({ ...before, error: asRequestError(error), isLoading: false }));
        }
      },
    );
    return () => abort.abort();
  }, [read, when, count]);
  const refetch = useCallback(() => setCount((before) => before + 1), []);
  useRetry(state.error, refetch);
  return { ...state, refetch };
}
