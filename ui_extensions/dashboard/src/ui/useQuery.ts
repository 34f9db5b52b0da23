// What the server answers, read when it is first looked at and whenever what it depends on changes.

import { useCallback, useEffect, useRef, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import { useRetry } from "./useRetry";

export interface QueryResult<T> {
  data: T | undefined;
  /** Why the newest reading failed; `data` is then what was read before. */
  error: RequestError | undefined;
  isLoading: boolean;
  refetch(): void;
}

/** `read` must keep its identity as long as it would read the same: wrap it in useCallback.

What `read` was asked before is shown until the new answer is there, unless `read` changes. What the
server could not answer is asked again while the page is connected to it. */
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
  // `when` and `count` only say: again.
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
