// One upload at a time: its request, how much of it has been sent, its error.

import { useCallback, useEffect, useRef, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import { upload } from "../../../live/upload";
import { address } from "../live/session";

export type UploadPhase =
  | { name: "idle" }
  | { name: "sending"; share: number }
  | { name: "failed"; error: RequestError; wasSending: boolean };

export interface Uploading {
  phase: UploadPhase;
  /** What `read` makes of the answer; undefined if it failed or was cancelled. */
  send<T>(
    path: string,
    form: FormData,
    deadlineMs: number,
    read: (response: Response) => Promise<T>,
  ): Promise<T | undefined>;
  cancel(): void;
}

export function useUpload(): Uploading {
  const [phase, setPhase] = useState<UploadPhase>({ name: "idle" });
  const running = useRef<AbortController>(undefined);

  useEffect(() => () => running.current?.abort(), []);

  const cancel = useCallback(() => {
    running.current?.abort();
    setPhase({ name: "idle" });
  }, []);

  const send = useCallback<Uploading["send"]>(async (path, form, deadlineMs, read) => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    let sent = 0;
    const onSent = (share: number) => {
      sent = share;
      setPhase({ name: "sending", share });
    };
    setPhase({ name: "sending", share: 0 });
    try {
      const request = { onSent, signal: abort.signal, deadlineMs };
      const found = await read(await upload(address, path, form, request));
      setPhase({ name: "idle" });
      return found;
    } catch (error) {
      if (!abort.signal.aborted) {
        setPhase({ name: "failed", error: asRequestError(error), wasSending: sent < 1 });
      }
      return undefined;
    }
  }, []);
  return { phase, send, cancel };
}
