// An axis of the params or metrics of compared runs: of numbers, logarithmic if they are far apart, or of texts.

import { paddedRange, positionOf } from "../charts/axisRange";
import type { RunComparison } from "../../../live/schemas";

export interface FieldAxis {
  /** From 0 to 1 for each run; null for a run without a value. */
  positions: ReadonlyArray<number | null>;
  ticks: ReadonlyArray<{ at: number; value: number | string }>;
  isLog: boolean;
}

type Value = number | string | null;

/** Texts beyond these would be labels on top of each other. */
const MOST_TEXTS = 8;
/** Numbers that differ by this factor are on a logarithmic axis. */
const FAR_APART = 100;

/** The values of `params.NAME` or `metrics.NAME`, in the order of the runs. */
export function valuesOf(field: string, { params, metrics }: RunComparison): Value[] {
  const dot = field.indexOf(".");
  const [kind, name] = [field.slice(0, dot), field.slice(dot + 1)];
  if (kind === "metrics") {
    return [...(metrics.find((each) => each.name === name)?.values ?? [])];
  }
  const texts = params.find((each) => each.name === name)?.values ?? [];
  const areNumbers = texts.every((text) => text === null || isNumber(text));
  return texts.map((text) => (text !== null && areNumbers ? Number(text) : text));
}

export function fieldAxis(values: readonly Value[]): FieldAxis {
  const known = values.filter((value) => value !== null);
  return known.every((value) => typeof value === "number")
    ? ofNumbers(values as ReadonlyArray<number | null>, known)
    : ofTexts(values);
}

function ofNumbers(values: ReadonlyArray<number | null>, known: readonly number[]): FieldAxis {
  if (known.length === 0) {
    return { positions: values.map(() => null), ticks: [], isLog: false };
  }
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const isLog = least > 0 && Math.log10(most) - Math.log10(least) > Math.log10(FAR_APART);
  const scaled = (value: number): number => (isLog ? Math.log10(value) : value);
  const range = paddedRange(scaled(least), scaled(most));
  const at = (value: number): number => positionOf(scaled(value), range);
  const shown = least === most ? [least] : [least, ...between(least, most, isLog), most];
  return {
    positions: values.map((value) => (value === null ? null : at(value))),
    ticks: shown.map((value) => ({ at: at(value), value })),
    isLog,
  };
}

function between(least: number, most: number, isLog: boolean): number[] {
  const middle = isLog ? 10 ** ((Math.log10(least) + Math.log10(most)) / 2) : least / 2 + most / 2;
  return middle > least && middle < most ? [middle] : [];
}

function ofTexts(values: readonly Value[]): FieldAxis {
  const texts = [...new Set(values.flatMap((value) => (value === null ? [] : [String(value)])))];
  texts.sort((a, b) => a.localeCompare(b));
  const at = (text: string): number => (texts.indexOf(text) + 0.5) / texts.length;
  const every = Math.ceil(texts.length / MOST_TEXTS);
  return {
    positions: values.map((value) => (value === null ? null : at(String(value)))),
    ticks: texts
      .filter((_, index) => index % every === 0)
      .map((text) => ({ at: at(text), value: text })),
    isLog: false,
  };
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}
