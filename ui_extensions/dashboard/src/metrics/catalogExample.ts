// A metric catalogue for tests: a part of the server's.

import type { CatalogMetric, MetricCatalog, MetricFamily } from "../../../live/schemas";

function metric(name: string, part: Partial<CatalogMetric>): CatalogMetric {
  return {
    name,
    label: { en: name, fr: name },
    short_label: name,
    short_name: null,
    part: null,
    group: null,
    direction: "higher",
    subject: "model",
    unit: "",
    bounds: null,
    is_headline: false,
    ...part,
  };
}

function family(prefix: string, part: Partial<MetricFamily> = {}): MetricFamily {
  return {
    prefix,
    label: { en: prefix, fr: prefix },
    group: null,
    direction: "none",
    subject: "model",
    unit: "",
    bounds: null,
    ...part,
  };
}

const loss = { short_name: "loss", group: "loss", direction: "lower", is_headline: true } as const;
const accuracy = { short_name: "accuracy", group: "accuracy", is_headline: true } as const;

export const CATALOG: MetricCatalog = {
  metrics: [
    metric("val/loss", { ...loss, part: "val" }),
    metric("train/loss", { ...loss, part: "train" }),
    metric("val/accuracy", { ...accuracy, part: "val" }),
    metric("train/accuracy", { ...accuracy, part: "train" }),
    metric("val/auc_roc_macro", { short_name: "auc_roc", part: "macro", group: "auc_roc" }),
    metric("val/f1", { short_name: "f1_score", group: "f1" }),
    metric("val/kappa", { group: "f1" }),
    metric("train/learning_rate", {
      short_name: "learning_rate",
      subject: "training",
      direction: "none",
    }),
    metric("epoch", { subject: "training", direction: "none" }),
  ],
  families: [
    family("critical/", { group: "critical", direction: "higher" }),
    family("critical_support/"),
    family("per_class/", { direction: "higher" }),
    family("system/", { subject: "machine" }),
  ],
  groups: ["loss", "accuracy", "auc_roc", "f1", "critical"].map((name) => ({
    name,
    label: { en: name, fr: name },
  })),
  direction_words: { lower: ["loss", "rmse"], higher: ["acc", "recall"] },
};
