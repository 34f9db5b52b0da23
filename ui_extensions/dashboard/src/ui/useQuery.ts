// What the server answers, read when it is first looked at and whenever what it depends on changes.

import { useCallback, useEffect, useRef, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import { useRetry } from "./useRetry";

export interface Answer<T> {
  data: T | undefined;
  /** Why the newest reading failed; `data` is then what was read before. */
  error: RequestError | undefined;
  isReading: boolean;
  readAgain(): void;
}

/** `read` must keep its identity as long as it would read the same: wrap it in useCallback.

What `read` was asked before is shown until the new answer is there, unless `read` changes. What the
server could not answer is asked again while the page is connected to it. */
export function useAnswer<T>(
  read: (signal: AbortSignal) => Promise<T>,
  when: unknown = 0,
): Answer<T> {
  const [state, setState] = useState<Omit<Answer<T>, "readAgain">>({
    data: undefined,
    error: undefined,
    isReading: true,
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
      isReading: true,
    }));
    read(abort.signal).then(
      (data) => setState({ data, error: undefined, isReading: false }),
      (error: unknown) => {
        if (!abort.signal.aborted) {
          setState((before) => ({ ...before, error: asRequestError(error), isReading: false }));
        }
      },
    );
    return () => abort.abort();
  }, [read, when, count]);
  const readAgain = useCallback(() => setCount((before) => before + 1), []);
  useRetry(state.error, readAgain);
  return { ...state, readAgain };
}
