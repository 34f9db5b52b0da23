// The names of the figures of an evaluation, and how they are written.

import { words } from "../i18n/words";

/** Shares from 0 to 1 that people read as percentages. */
const SHARES: ReadonlySet<string> = new Set([
  "accuracy",
  "balanced_accuracy",
  "decided_share",
  "reliability",
]);

export function isShare(metric: string): boolean {
  return SHARES.has(metric);
}

export const metricWords = words(
  {
    macro_f1: "Macro F1",
    weighted_f1: "Weighted F1",
    accuracy: "Accuracy",
    balanced_accuracy: "Balanced accuracy",
    matthews_correlation: "Matthews correlation",
    auroc_macro: "AUROC (macro)",
    average_precision_macro: "Average precision (macro)",
    log_loss: "Log loss",
    brier: "Brier score",
    ece: "Calibration error",
    rmse: "RMSE",
    mae: "MAE",
    r2: "R²",
    mean_error: "Mean error",
    median_absolute_error: "Median absolute error",
    spearman: "Spearman’s correlation",
  },
  {
    fr: {
      macro_f1: "F1 macro",
      weighted_f1: "F1 pondéré",
      accuracy: "Exactitude",
      balanced_accuracy: "Exactitude équilibrée",
      matthews_correlation: "Corrélation de Matthews",
      auroc_macro: "AUROC (macro)",
      average_precision_macro: "Précision moyenne (macro)",
      log_loss: "Perte logarithmique",
      brier: "Score de Brier",
      ece: "Erreur de calibration",
      rmse: "RMSE",
      mae: "MAE",
      r2: "R²",
      mean_error: "Erreur moyenne",
      median_absolute_error: "Erreur absolue médiane",
      spearman: "Corrélation de Spearman",
    },
  },
);

/** The name of a figure in the language of the page; one that is not known keeps its own. */
export function metricName(t: Readonly<Record<string, unknown>>, metric: string): string {
  const known = Object.hasOwn(t, metric) ? t[metric] : undefined;
  return typeof known === "string" ? known : metric;
}
