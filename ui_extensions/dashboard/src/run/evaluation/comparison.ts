// Compares the metrics of epochs: differences, and which values are better.

import type {
  EpochDetails,
  MetricCatalog,
  MetricDirection,
  MetricsData,
} from "../../../../live/schemas";
import { numberOf } from "../../live/curves";
import { classify } from "../../metrics/classifier";
import { directionOf } from "../../metrics/metricCatalog";
import {
  catalogValues,
  EPOCH,
  type NamedValue,
  PER_CLASS,
  recalls,
  sensitivities,
} from "../../metrics/metricNames";

export interface ComparedValue {
  /** Undefined if the epoch has no such value. */
  value: number | undefined;
  /** Difference to the first epoch; undefined if either value is not finite. */
  difference: number | undefined;
  rating: "better" | "worse" | "same" | "none";
  isBest: boolean;
}

export interface ComparedMetric {
  name: string;
  direction: MetricDirection;
  values: readonly ComparedValue[];
}

export type Part = "main" | "classes" | "all";

/** The values by MLflow's names, in reading order. */
export function valuesOf(metrics: MetricsData, catalog: MetricCatalog): Map<string, number> {
  const ofTraining = new Set(
    catalog.metrics.filter(({ subject }) => subject !== "model").map(({ name }) => name),
  );
  const isMain = ([name]: NamedValue): boolean => !ofTraining.has(name);
  const fixed = catalogValues(metrics, catalog);
  const others = Object.entries(metrics.other).sort(([a], [b]) => a.localeCompare(b));
  const isOfValidation = ([name]: NamedValue): boolean => classify(name, catalog).split === "val";
  const ordered: NamedValue[] = [
    ...fixed.filter(isMain),
    ...others.filter(isOfValidation),
    ...sensitivities(metrics),
    ...fixed.filter((entry) => !isMain(entry)),
    ...others.filter((entry) => !isOfValidation(entry)),
    ...recalls(metrics),
  ];
  const values = new Map<string, number>();
  for (const [name, value] of ordered) {
    const word = Object.hasOwn(metrics.not_finite, name) ? metrics.not_finite[name] : undefined;
    if ((value !== null && value !== undefined) || word) {
      values.set(name, numberOf({ value: value ?? null, not_finite: word ?? null }));
    }
  }
  // The column's head already names the epoch.
  values.delete(EPOCH);
  return values;
}

/** Compares every metric of any of the epochs with the first epoch. */
export function compared(
  epochs: readonly EpochDetails[],
  catalog: MetricCatalog,
): ComparedMetric[] {
  const columns = epochs.map(({ metrics }) => valuesOf(metrics, catalog));
  const names = new Set(columns.flatMap((values) => [...values.keys()]));
  return [...names].map((name) => {
    const direction = directionOf(name, catalog);
    const numbers = columns.map((values) => values.get(name));
    const best = bestOf(numbers, direction);
    return {
      name,
      direction,
      values: numbers.map((value, index) => {
        const difference = index > 0 ? differenceOf(value, numbers[0]) : undefined;
        return {
          value,
          difference,
          rating: ratingOf(difference, direction),
          isBest: best !== undefined && value === best,
        };
      }),
    };
  });
}

/** Undefined if no direction is better, or all values are equal. */
function bestOf(
  values: ReadonlyArray<number | undefined>,
  direction: MetricDirection,
): number | undefined {
  const finite = values.filter(
    (value) => value !== undefined && Number.isFinite(value),
  ) as number[];
  if (direction === "none" || new Set(finite).size < 2) {
    return undefined;
  }
  return direction === "lower" ? Math.min(...finite) : Math.max(...finite);
}

function differenceOf(value: number | undefined, first: number | undefined): number | undefined {
  const difference = (value ?? Number.NaN) - (first ?? Number.NaN);
  return Number.isFinite(difference) ? difference : undefined;
}

function ratingOf(
  difference: number | undefined,
  direction: MetricDirection,
): ComparedValue["rating"] {
  if (difference === undefined) {
    return "none";
  }
  if (difference === 0) {
    return "same";
  }
  if (direction === "none") {
    return "none";
  }
  return difference > 0 === (direction === "higher") ? "better" : "worse";
}

/** `main` are the metrics of a split and the critical ones; without any, all but those per class. */
export function partOf(
  metrics: readonly ComparedMetric[],
  part: Part,
  catalog: MetricCatalog,
): readonly ComparedMetric[] {
  if (part === "all") {
    return metrics;
  }
  const isOfClass = ({ name }: ComparedMetric) => name.startsWith(PER_CLASS);
  if (part === "classes") {
    return metrics.filter(isOfClass);
  }
  const main = metrics.filter(({ name }) => {
    const { role, split } = classify(name, catalog);
    return split !== "none" || role === "condition";
  });
  return main.length > 0 ? main : metrics.filter((metric) => !isOfClass(metric));
}
