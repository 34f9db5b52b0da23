// Reads the evaluation of a project. Any program may have written it, so nothing is taken for granted.

import {
  type Fields,
  type Interval,
  interval,
  number,
  object,
  objects,
  text,
  texts,
} from "../../live/documentFields";

export type { Interval };

export interface Estimate {
  value: number;
  interval: Interval | null;
}

/** `x` and `y` are from 0 to 1. */
export interface CurvePoint {
  x: number;
  y: number;
}

export interface ReliabilityBin {
  /** Mean probability of the rows of the bin. */
  said: number;
  /** The share of them that came true. */
  happened: number;
  interval: Interval | null;
  numRows: number;
}

export interface ThresholdRow {
  threshold: number;
  numAbove: number;
  numFound: number;
  completeness: number;
  completenessInterval: Interval | null;
  reliability: number | null;
  reliabilityInterval: Interval | null;
}

export interface EvaluatedClass {
  name: string;
  support: number;
  precision: number | null;
  recall: number | null;
  f1: number | null;
  auroc: Estimate | null;
  averagePrecision: number | null;
  roc: readonly CurvePoint[];
  precisionRecall: readonly CurvePoint[];
  thresholds: readonly ThresholdRow[];
}

export interface ConfusionCounts {
  classes: readonly string[];
  counts: ReadonlyArray<readonly number[]>;
  /** Whether a last row and column count all classes that are not in `classes`. */
  hasOthers: boolean;
}

export interface Gap {
  metric: string;
  selection: number;
  holdout: number;
  /** Positive if selection promised too much; missing in older evaluations. */
  difference: number | null;
  interval: Interval | null;
}

export interface NumberBin {
  predicted: number;
  observed: number;
  numRows: number;
}

export interface Evaluation {
  numRows: number | null;
  numGroups: number | null;
  metrics: ReadonlyMap<string, Estimate>;
  absentClasses: readonly string[];
  classes: readonly EvaluatedClass[];
  confusion: ConfusionCounts | null;
  reliability: readonly ReliabilityBin[];
  uncalibrated: readonly ReliabilityBin[];
  calibrationError: Estimate | null;
  numberBins: readonly NumberBin[];
  /** Errors of a regression by the share of rows below them. */
  errorQuantiles: ReadonlyMap<string, number>;
  gap: Gap | null;
  abstention: string | null;
  notes: readonly string[];
}

export function evaluationOf(document: unknown): Evaluation {
  const report = object(document);
  const reliability = object(report.reliability);
  const regression = object(report.regression);
  return {
    numRows: number(report.num_rows),
    numGroups: number(report.num_groups),
    metrics: new Map(
      Object.entries(object(report.metrics)).flatMap(([name, value]) => {
        const found = estimate(value);
        return found ? [[name, found] as const] : [];
      }),
    ),
    absentClasses: texts(report.absent_classes),
    classes: objects(report.classes).flatMap(evaluatedClass),
    confusion: confusion(object(report.confusion)),
    reliability: objects(reliability.bins).flatMap(reliabilityBin),
    uncalibrated: objects(reliability.uncalibrated_bins).flatMap(reliabilityBin),
    calibrationError: estimate(reliability.error),
    numberBins: objects(regression.bins).flatMap(numberBin),
    errorQuantiles: new Map(
      Object.entries(object(regression.error_quantiles)).flatMap(([share, value]) => {
        const found = number(value);
        return found === null ? [] : [[share, found] as const];
      }),
    ),
    gap: gap(object(report.gap)),
    abstention: text(object(report.abstention).sentence),
    notes: texts(report.notes),
  };
}

function evaluatedClass(entry: Fields): EvaluatedClass[] {
  const name = text(entry.name);
  if (name === null) {
    return [];
  }
  return [
    {
      name,
      support: number(entry.support) ?? 0,
      precision: estimate(entry.precision)?.value ?? null,
      recall: estimate(entry.recall)?.value ?? null,
      f1: estimate(entry.f1)?.value ?? null,
      auroc: estimate(entry.auroc),
      averagePrecision: number(entry.average_precision),
      roc: objects(entry.roc).flatMap(curvePoint),
      precisionRecall: objects(entry.precision_recall).flatMap(curvePoint),
      thresholds: objects(entry.thresholds).flatMap(thresholdRow),
    },
  ];
}

function curvePoint(entry: Fields): CurvePoint[] {
  const [x, y] = [number(entry.x), number(entry.y)];
  return x === null || y === null ? [] : [{ x, y }];
}

function thresholdRow(entry: Fields): ThresholdRow[] {
  const [threshold, completeness] = [number(entry.threshold), number(entry.completeness)];
  if (threshold === null || completeness === null) {
    return [];
  }
  return [
    {
      threshold,
      numAbove: number(entry.num_above) ?? 0,
      numFound: number(entry.num_found) ?? 0,
      completeness,
      completenessInterval: interval(entry.completeness_interval),
      reliability: number(entry.reliability),
      reliabilityInterval: interval(entry.reliability_interval),
    },
  ];
}

function reliabilityBin(entry: Fields): ReliabilityBin[] {
  const [said, happened] = [number(entry.mean_probability), number(entry.observed)];
  if (said === null || happened === null) {
    return [];
  }
  const numRows = number(entry.num_rows) ?? 0;
  return [{ said, happened, interval: interval(entry.observed_interval), numRows }];
}

function numberBin(entry: Fields): NumberBin[] {
  const [predicted, observed] = [number(entry.mean_predicted), number(entry.mean_observed)];
  return predicted === null || observed === null
    ? []
    : [{ predicted, observed, numRows: number(entry.num_rows) ?? 0 }];
}

function confusion(entry: Fields): ConfusionCounts | null {
  const classes = texts(entry.classes);
  const hasOthers = entry.has_others === true;
  const size = classes.length + (hasOthers ? 1 : 0);
  const rows = Array.isArray(entry.counts) ? entry.counts : [];
  const counts = rows.map((row) =>
    Array.isArray(row) ? row.map((each) => number(each) ?? 0) : [],
  );
  const isSquare = counts.length === size && counts.every((row) => row.length === size);
  return size > 0 && isSquare ? { classes, counts, hasOthers } : null;
}

function gap(entry: Fields): Gap | null {
  const [selection, holdout] = [number(entry.selection), number(entry.holdout)];
  if (selection === null || holdout === null) {
    return null;
  }
  return {
    metric: text(entry.metric) ?? "",
    selection,
    holdout,
    difference: number(entry.difference),
    interval: interval(entry.interval),
  };
}

function estimate(value: unknown): Estimate | null {
  const found = number(object(value).value);
  return found === null ? null : { value: found, interval: interval(object(value).interval) };
}
