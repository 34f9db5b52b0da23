// One request to the server at a time that changes something, and its error.

import { useCallback, useRef, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";

export interface ActionState {
  isBusy: boolean;
  error: RequestError | undefined;
  /** Sends, and calls `onDone` with the answer. A second call while it waits does nothing. */
  run<T>(send: () => Promise<T>, onDone: (answer: T) => void): void;
}

export function useAction(): ActionState {
  const [state, setState] = useState<Omit<ActionState, "run">>({ isBusy: false, error: undefined });
  const isSending = useRef(false);
  const run = useCallback<ActionState["run"]>((send, onDone) => {
    if (isSending.current) {
      return;
    }
    isSending.current = true;
    setState({ isBusy: true, error: undefined });
    send()
      .then(
        (answer) => {
          setState({ isBusy: false, error: undefined });
          onDone(answer);
        },
        (error: unknown) => setState({ isBusy: false, error: asRequestError(error) }),
      )
      .finally(() => {
        isSending.current = false;
      });
  }, []);
  return { ...state, run };
}
