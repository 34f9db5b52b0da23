// The three gates before a diagnosis: is the image gradable, of the right kind, and like the known ones?

import type { Tone } from "../../../live/statusAppearance";
import type { DiagnosisResult } from "../../../live/schemas";

export type GateVerdict = "passed" | "failed" | "unknown";

export const GATE_TONES: Record<GateVerdict, Tone> = {
  passed: "ok",
  failed: "warning",
  unknown: "stale",
};

export interface Gates {
  quality: GateVerdict;
  modality: GateVerdict;
  distribution: GateVerdict;
}

/** A gate of which the service knows nothing is neither passed nor failed. */
export function gatesOf(result: DiagnosisResult): Gates {
  const { quality, modality, out_of_distribution: distribution } = result;
  return {
    quality: verdict(quality && quality.gradable),
    modality: modality?.modality === "unknown" ? "unknown" : verdict(isRetinal(modality)),
    distribution: verdict(distribution && !distribution.is_outside),
  };
}

function isRetinal(modality: DiagnosisResult["modality"]): boolean | null {
  return modality && modality.modality !== "other";
}

function verdict(isPassed: boolean | null): GateVerdict {
  if (isPassed === null) {
    return "unknown";
  }
  return isPassed ? "passed" : "failed";
}

const LEVEL_TONES: Readonly<Record<string, Tone>> = {
  low: "ok",
  moderate: "info",
  high: "warning",
  critical: "critical",
};

/** An unknown level is never shown as a harmless one. */
export function levelTone(level: string): Tone {
  return isKnown(level) ? (LEVEL_TONES[level] as Tone) : "stale";
}

/** Whether the numbers of a result mean something: a low confidence hides no positive condition. */
export function isJudged({ abstained, risk }: DiagnosisResult): boolean {
  return !abstained || isKnown(risk.level);
}

function isKnown(level: string): boolean {
  return Object.hasOwn(LEVEL_TONES, level);
}
