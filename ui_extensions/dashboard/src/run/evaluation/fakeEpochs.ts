// Epochs for tests, which state only what matters to them.

import type { EpochDetails, MetricsData } from "../../../../live/schemas";

type Part = { [Name in keyof MetricsData]?: Partial<MetricsData[Name]> };

export function fakeMetrics(part: Part = {}): MetricsData {
  const { loss, accuracy, auc_roc, f1_score, learning_rate, ...rest } = part;
  return {
    loss: { train: null, val: null, ...loss },
    accuracy: { train: null, val: null, ...accuracy },
    auc_roc: { macro: null, weighted: null, ...auc_roc },
    f1_score: f1_score ?? null,
    learning_rate: learning_rate ?? null,
    ...({ critical_conditions: {}, per_class: {}, other: {}, not_finite: {}, ...rest } as Pick<
      MetricsData,
      "critical_conditions" | "per_class" | "other" | "not_finite"
    >),
  };
}

/** A finished epoch with an end time of its own. */
export function fakeEpoch(epoch: number, part: Partial<EpochDetails> = {}): EpochDetails {
  return {
    run_id: "run",
    epoch,
    total_batches: 10,
    first_step: epoch * 10 - 9,
    last_step: epoch * 10,
    start_time: "2026-01-02T03:04:05Z",
    end_time: new Date(Date.UTC(2026, 0, 2) + epoch * 60_000).toISOString(),
    duration: 60,
    metrics: fakeMetrics(),
    classes: null,
    confusion_matrix: null,
    class_report: null,
    ...part,
  };
}
