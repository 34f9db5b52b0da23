// One diagnosis at a time: its request, how much of it has been sent, its result or error.

import { useCallback, useEffect, useRef, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import type { DiagnosisAnswer, DiagnosisData } from "../../../live/schemas";
import { upload } from "../../../live/upload";
import { address } from "../live/session";
import { type ChosenImage, formOf, type Options } from "./chosenImages";

/** Longer than the server waits for the service by default. */
const DEADLINE_MS = 360_000;

export interface Diagnosed {
  data: DiagnosisData;
  /** The images that were sent, in the order of `data.images`. */
  images: readonly ChosenImage[];
}

export type Phase =
  | { name: "idle" }
  | { name: "sending"; share: number }
  | { name: "failed"; error: RequestError; wasSending: boolean };

export function useDiagnosis() {
  const [phase, setPhase] = useState<Phase>({ name: "idle" });
  const [diagnosed, setDiagnosed] = useState<Diagnosed>();
  const running = useRef<AbortController>(undefined);

  useEffect(() => () => running.current?.abort(), []);

  const cancel = useCallback(() => {
    running.current?.abort();
    setPhase({ name: "idle" });
  }, []);

  const start = async (images: readonly ChosenImage[], options: Options) => {
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
      const request = { onSent, signal: abort.signal, deadlineMs: DEADLINE_MS };
      const path = "api/v1/dicom/diagnose";
      const { data } = await upload<DiagnosisAnswer>(
        address,
        path,
        formOf(images, options),
        request,
      );
      setDiagnosed({ data, images });
      setPhase({ name: "idle" });
    } catch (error) {
      if (!abort.signal.aborted) {
        setPhase({ name: "failed", error: asRequestError(error), wasSending: sent < 1 });
      }
    }
  };
  return { phase, diagnosed, start, cancel };
}
