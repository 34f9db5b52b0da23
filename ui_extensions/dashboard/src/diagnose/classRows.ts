// The classes of a result by their probability.

import type { DiagnosisResult } from "../../../live/schemas";

export interface ClassRow {
  name: string;
  probability: number;
  /** Whether the prediction set contains the class; null without a set. */
  isInSet: boolean | null;
}

const SHOWN_AT_FIRST = 5;

export interface ClassRows {
  first: readonly ClassRow[];
  others: readonly ClassRow[];
}

/** The most probable classes and all of the prediction set, then the others, most probable first. */
export function classRows({ classification, prediction_set: set }: DiagnosisResult): ClassRows {
  const rows = Object.entries(classification.probabilities)
    .map(([name, probability]) => ({
      name,
      probability,
      isInSet: set === null ? null : set.classes.includes(name),
    }))
    .sort(
      (one, other) => other.probability - one.probability || one.name.localeCompare(other.name),
    );
  const isFirst = (row: ClassRow, place: number) => place < SHOWN_AT_FIRST || row.isInSet === true;
  return {
    first: rows.filter(isFirst),
    others: rows.filter((row, place) => !isFirst(row, place)),
  };
}

/** The names by which a clinician can overrule: all classes but the predicted one, in alphabetical order. */
export function otherClasses({ classification, abstained }: DiagnosisResult): readonly string[] {
  const predicted = abstained ? null : classification.primary_diagnosis;
  return Object.keys(classification.probabilities)
    .filter((name) => name !== predicted)
    .sort((one, other) => one.localeCompare(other));
}
