// Reads what the check for memorised training images has found.

import { type Interval, interval, number, object, objects, text } from "../../live/documentFields";

export const MEMORISATION_PATH = "quality/memorisation.json";
/** The key of the picture with flagged pairs. */
export const PAIRS_KEY = "memorised_pairs";
const MAX_PAIRS = 100;

export type MemorisationVerdict = "memorised" | "not shown" | "unknown";

export interface FlaggedPair {
  generated: number;
  train: number;
  featureRatio: number | null;
  pixelDistance: number | null;
  isCopy: boolean;
}

export interface Memorisation {
  verdict: MemorisationVerdict;
  /** The sentence that says why, in English. */
  reason: string;
  encoder: string;
  digest: string;
  numGenerated: number | null;
  numTrain: number | null;
  numHeldOut: number | null;
  numHeldOutPatients: number | null;
  numCopies: number | null;
  flagged: {
    numFlagged: number | null;
    share: number | null;
    interval: Interval | null;
    expectedShare: number | null;
    expectedInterval: Interval | null;
  } | null;
  wholeModel: { share: number | null; pValue: number | null } | null;
  pairs: readonly FlaggedPair[];
}

/** Null for a document that is no such result. */
export function memorisationOf(document: unknown): Memorisation | null {
  const fields = object(document);
  const verdict = verdictOf(fields.verdict);
  if (verdict === null) {
    return null;
  }
  const encoder = object(fields.encoder);
  return {
    verdict,
    reason: text(fields.reason) ?? "",
    encoder: text(encoder.name) ?? "",
    digest: text(encoder.digest) ?? "",
    numGenerated: number(fields.num_generated),
    numTrain: number(fields.num_train),
    numHeldOut: number(fields.num_held_out),
    numHeldOutPatients: number(fields.num_held_out_patients),
    numCopies: number(fields.num_copies),
    flagged: flaggedOf(fields.flagged),
    wholeModel: wholeModelOf(fields.whole_model),
    pairs: objects(fields.pairs).flatMap(pairOf).slice(0, MAX_PAIRS),
  };
}

function verdictOf(value: unknown): MemorisationVerdict | null {
  return value === "memorised" || value === "not shown" || value === "unknown" ? value : null;
}

function flaggedOf(value: unknown): Memorisation["flagged"] {
  const fields = object(value);
  return number(fields.num_flagged) === null
    ? null
    : {
        numFlagged: number(fields.num_flagged),
        share: number(fields.share),
        interval: interval(fields.interval),
        expectedShare: number(fields.expected_share),
        expectedInterval: interval(fields.expected_interval),
      };
}

function wholeModelOf(value: unknown): Memorisation["wholeModel"] {
  const fields = object(value);
  const pValue = number(fields.p_value);
  return pValue === null ? null : { share: number(fields.share_closer_to_train), pValue };
}

function pairOf(entry: Readonly<Record<string, unknown>>): FlaggedPair[] {
  const [generated, train] = [number(entry.generated), number(entry.train)];
  return generated === null || train === null
    ? []
    : [
        {
          generated,
          train,
          featureRatio: number(entry.feature_ratio),
          pixelDistance: number(entry.pixel_distance),
          isCopy: entry.is_copy === true,
        },
      ];
}
