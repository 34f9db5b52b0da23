// One diagnosis at a time: its upload and its result.

import { useState } from "react";
import type { DiagnosisAnswer, DiagnosisData } from "../../../live/schemas";
import { useUpload } from "../ui/useUpload";
import { type ChosenImage, formOf, type Options } from "./chosenImages";

/** Longer than the server waits for the service by default. */
const DEADLINE_MS = 360_000;
const PATH = "api/v1/dicom/diagnose";

export interface Diagnosed {
  data: DiagnosisData;
  /** The images that were sent, in the order of `data.images`. */
  images: readonly ChosenImage[];
}

export function useDiagnosis() {
  const { phase, send, cancel } = useUpload();
  const [diagnosed, setDiagnosed] = useState<Diagnosed>();

  const start = async (images: readonly ChosenImage[], options: Options) => {
    const form = formOf(images, options);
    const answer = await send(
      PATH,
      form,
      DEADLINE_MS,
      (response) => response.json() as Promise<DiagnosisAnswer>,
    );
    if (answer) {
      setDiagnosed({ data: answer.data, images });
    }
  };
  return { phase, diagnosed, start, cancel };
}
