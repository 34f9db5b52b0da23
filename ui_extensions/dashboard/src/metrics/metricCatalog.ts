// Rules of the server's metric catalogue: which direction is better, and which family a name is in.

import type { MetricCatalog, MetricDirection, MetricFamily } from "../../../live/schemas";
import type { Language } from "../../../live/languageChoice";

/** Used until the server has answered: every metric is then unknown. */
export const EMPTY_CATALOG: MetricCatalog = {
  metrics: [],
  families: [],
  groups: [],
  direction_words: { lower: [], higher: [] },
};

export function familyOf(name: string, { families }: MetricCatalog): MetricFamily | undefined {
  return families.find(({ prefix }) => name.startsWith(prefix));
}

/** Which values are better; of an unknown metric, the words in its name decide. */
export function directionOf(name: string, catalog: MetricCatalog): MetricDirection {
  const known = catalog.metrics.find((metric) => metric.name === name) ?? familyOf(name, catalog);
  if (known) {
    return known.direction;
  }
  const words = new Set(name.toLowerCase().split(/[/_.\s-]+/));
  const { lower, higher } = catalog.direction_words;
  if (lower.some((word) => words.has(word))) {
    return "lower";
  }
  return higher.some((word) => words.has(word)) ? "higher" : "none";
}

export function groupLabel(name: string, language: Language, { groups }: MetricCatalog): string {
  return groups.find((group) => group.name === name)?.label[language] ?? name;
}

export function metricLabel(name: string, language: Language, { metrics }: MetricCatalog): string {
  return metrics.find((metric) => metric.name === name)?.label[language] ?? name;
}
