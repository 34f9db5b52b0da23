// MLflow's names for the values that MetricsData nests.

import type { MetricCatalog, MetricsData } from "../../../live/schemas";

const CRITICAL = "critical/";
const CRITICAL_SUPPORT = "critical_support/";
export const PER_CLASS = "per_class/";
/** Logged as a metric, but only counts the epochs. */
export const EPOCH = "epoch";

export type NamedValue = [name: string, value: number | null | undefined];

/** The values of the catalogue's metrics that have a field of their own, in reading order. */
export function catalogValues(metrics: MetricsData, catalog: MetricCatalog): NamedValue[] {
  return catalog.metrics.flatMap(({ name, short_name: field, part }): NamedValue[] =>
    field === null ? [] : [[name, valueAt(metrics, field, part)]],
  );
}

function valueAt(metrics: MetricsData, field: string, part: string | null): number | null {
  const value: unknown = Reflect.get(metrics, field);
  const found: unknown =
    part !== null && typeof value === "object" && value !== null ? Reflect.get(value, part) : value;
  return typeof found === "number" ? found : null;
}

export function sensitivities({ critical_conditions: conditions }: MetricsData): NamedValue[] {
  return Object.entries(conditions).map(([name, { sensitivity }]) => [
    `${CRITICAL}${name}`,
    sensitivity,
  ]);
}

export function recalls({ per_class: perClass }: MetricsData): NamedValue[] {
  return Object.entries(perClass).map(([name, value]) => [`${PER_CLASS}${name}`, value]);
}

function supports({ critical_conditions: conditions }: MetricsData): NamedValue[] {
  return Object.entries(conditions).map(([name, { support }]) => [
    `${CRITICAL_SUPPORT}${name}`,
    support,
  ]);
}

/** The names of all metrics that the run has logged. */
export function metricNames(metrics: MetricsData | undefined, catalog: MetricCatalog): string[] {
  if (!metrics) {
    return [];
  }
  const isLogged = ([name, value]: NamedValue): boolean =>
    (value !== null && value !== undefined) || name in metrics.not_finite;
  return [
    ...catalogValues(metrics, catalog).filter(isLogged),
    ...recalls(metrics),
    ...sensitivities(metrics).filter(isLogged),
    ...supports(metrics).filter(isLogged),
    ...Object.entries(metrics.other),
  ].map(([name]) => name);
}
