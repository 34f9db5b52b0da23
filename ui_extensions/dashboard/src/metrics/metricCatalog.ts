// Rules of the server's metric catalogue: which direction is better, and which family a name is in.

import type { MetricCatalog, MetricDirection, MetricFamily } from "../../../live/schemas";
import type { Language } from "../../../live/languageChoice";
import { classify } from "./classifier";

/** Used until the server has answered: every metric is then unknown. */
export const EMPTY_CATALOG: MetricCatalog = {
  metrics: [],
  families: [],
  groups: [],
  direction_words: { lower: [], higher: [] },
  words: {
    splits: [],
    terms: [],
    plain: [],
    granularity: [],
    settings: [],
    counts: [],
    undirected: [],
  },
};

export function familyOf(name: string, { families }: MetricCatalog): MetricFamily | undefined {
  return families.find(({ prefix }) => name.startsWith(prefix));
}

/** Which values are better, if the name says so. */
export function directionOf(name: string, catalog: MetricCatalog): MetricDirection {
  return classify(name, catalog).direction;
}

export function groupLabel(name: string, language: Language, { groups }: MetricCatalog): string {
  return groups.find((group) => group.name === name)?.label[language] ?? name;
}

export function metricLabel(name: string, language: Language, { metrics }: MetricCatalog): string {
  return metrics.find((metric) => metric.name === name)?.label[language] ?? name;
}
