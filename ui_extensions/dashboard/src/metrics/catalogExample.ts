// A metric catalogue for tests: a part of the server's.

import type { CatalogMetric, MetricCatalog, MetricFamily } from "../../../live/schemas";
import file from "./classifiedNames.json";

function metric(name: string, part: Partial<CatalogMetric>): CatalogMetric {
  return {
    name,
    label: { en: name, fr: name },
    short_label: name,
    short_name: null,
    part: null,
    role: "other",
    split: "none",
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
    role: "other",
    group: null,
    direction: "none",
    subject: "model",
    unit: "",
    bounds: null,
    ...part,
  };
}

const loss = {
  short_name: "loss",
  role: "loss",
  group: "loss",
  direction: "lower",
  is_headline: true,
} as const;
const accuracy = {
  short_name: "accuracy",
  role: "accuracy",
  group: "accuracy",
  is_headline: true,
} as const;

export const CATALOG: MetricCatalog = {
  metrics: [
    metric("val/loss", { ...loss, part: "val", split: "val" }),
    metric("train/loss", { ...loss, part: "train", split: "train" }),
    metric("val/accuracy", { ...accuracy, part: "val", split: "val" }),
    metric("train/accuracy", { ...accuracy, part: "train", split: "train" }),
    metric("val/auc_roc_macro", {
      short_name: "auc_roc",
      part: "macro",
      role: "auc_roc",
      split: "val",
      group: "auc_roc",
    }),
    metric("val/f1", { short_name: "f1_score", role: "f1", split: "val", group: "f1" }),
    metric("val/kappa", { role: "f1", split: "val", group: "f1" }),
    metric("train/learning_rate", {
      short_name: "learning_rate",
      role: "learning_rate",
      split: "train",
      subject: "training",
      direction: "none",
    }),
    metric("epoch", { role: "epoch", subject: "training", direction: "none" }),
  ],
  families: [
    family("critical/", { role: "condition", group: "critical", direction: "higher" }),
    family("critical_support/", { role: "support" }),
    family("per_class/", { role: "class", direction: "higher" }),
    family("system/", { role: "machine", subject: "machine" }),
  ],
  groups: ["loss", "accuracy", "auc_roc", "f1", "score", "learning_rate", "critical"].map(
    (name) => ({
      name,
      label: { en: name, fr: name },
    }),
  ),
  direction_words: { lower: [], higher: [] },
  // The server's own words.
  words: file.words as MetricCatalog["words"],
};
