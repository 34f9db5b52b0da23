// The rows of the class table: from an epoch's report, or from the logged recalls.

import type { EpochDetails } from "../../../../live/schemas";

export interface ClassRow {
  /** Index of the model's output, from 0; null if only metrics name the class. */
  index: number | null;
  name: string;
  support: number | null;
  recall: number | null;
  precision: number | null;
  f1: number | null;
  specificity: number | null;
  aucRoc: number | null;
}

export type Column = Exclude<keyof ClassRow, "index">;

export interface Order {
  column: Column;
  isDescending: boolean;
}

/** The classes with the lowest recall come first. */
export const WEAKEST_FIRST: Order = { column: "recall", isDescending: false };

export function reportRows(
  classes: NonNullable<EpochDetails["classes"]>,
  report: NonNullable<EpochDetails["class_report"]>,
): ClassRow[] {
  return classes.map((name, index) => {
    const found = Object.hasOwn(report, name) ? report[name] : undefined;
    return {
      index,
      name,
      support: found?.support ?? null,
      recall: found?.recall ?? null,
      precision: found?.precision ?? null,
      f1: found?.f1 ?? null,
      specificity: found?.specificity ?? null,
      aucRoc: found?.auc_roc ?? null,
    };
  });
}

export function recallRows(perClass: Readonly<Record<string, number | null>>): ClassRow[] {
  return Object.entries(perClass).map(([name, recall]) => ({
    index: null,
    name,
    support: null,
    recall,
    precision: null,
    f1: null,
    specificity: null,
    aucRoc: null,
  }));
}

/** Undefined values come last in both directions; equal ones are sorted by name. */
export function sorted(rows: readonly ClassRow[], { column, isDescending }: Order): ClassRow[] {
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [a[column], b[column]];
    if (left === null || right === null) {
      return Number(left === null) - Number(right === null) || byName(a, b);
    }
    if (typeof left === "number" && typeof right === "number") {
      return sign * (left - right) || byName(a, b);
    }
    return sign * byName(a, b);
  });
}

/** The rows whose names contain all words of `search`, in any order and case. */
export function named(rows: readonly ClassRow[], search: string): readonly ClassRow[] {
  const wanted = plain(search).split(" ").filter(Boolean);
  if (wanted.length === 0) {
    return rows;
  }
  return rows.filter(({ name }) => {
    const text = plain(name);
    return wanted.every((word) => text.includes(word));
  });
}

function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .replace(/[_\s]+/g, " ")
    .toLowerCase();
}

const names = new Intl.Collator(undefined, { numeric: true });

function byName(a: ClassRow, b: ClassRow): number {
  return names.compare(a.name, b.name) || (a.index ?? 0) - (b.index ?? 0);
}
