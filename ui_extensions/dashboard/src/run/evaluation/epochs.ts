// The epochs of a run: loads them incrementally, and finds the latest, best and nearest one.

import type { Page } from "../../../../live/rest";
import type { EpochDetails, MetricCatalog, MetricsData } from "../../../../live/schemas";
import { classify } from "../../metrics/classifier";
import { headlineNames } from "../../metrics/headlines";

export interface EpochList {
  /** Oldest first; of a run with too many, the newest. */
  epochs: readonly EpochDetails[];
  /** Number of epochs of the run. */
  total: number;
}

export type FetchEpochs = (limit: number) => Promise<Page<EpochDetails>>;

/** The newest epochs show whether there are unknown ones. */
const NEWEST = 3;
const MAX_EPOCHS = 1_000;
/** Limit of all values together, because a run may log thousands of metrics. */
const MAX_VALUES = 200_000;

/** Loads the run's epochs; of those that are `known`, only the newest again. */
export async function loadEpochs(fetch: FetchEpochs, known?: EpochList): Promise<EpochList> {
  const newest = await fetch(NEWEST);
  if (newest.entries.length >= newest.total) {
    return listOf(newest);
  }
  if (known && isJoined(known, newest)) {
    const epochs = new Set(newest.entries.map(({ epoch }) => epoch));
    const before = known.epochs.filter(({ epoch }) => !epochs.has(epoch));
    const joined = [...before, ...listOf(newest).epochs].slice(-MAX_EPOCHS);
    return { epochs: joined, total: newest.total };
  }
  const most = Math.floor(MAX_VALUES / Math.max(1, ...newest.entries.map(numValues)));
  return listOf(await fetch(Math.min(MAX_EPOCHS, Math.max(NEWEST, most))));
}

function listOf({ entries, total }: Page<EpochDetails>): EpochList {
  return { epochs: entries.toReversed(), total };
}

/** Whether the newest epochs overlap with the known ones, so that none is missing between them. */
function isJoined(known: EpochList, newest: Page<EpochDetails>): boolean {
  const numNew = newest.total - known.total;
  return numNew >= 0 && numNew < newest.entries.length;
}

function numValues({ metrics }: EpochDetails): number {
  return 8 + Object.keys(metrics.other).length + Object.keys(metrics.per_class).length;
}

/** Whether the epoch has metrics of an evaluation, not only of the training. */
export function isEvaluated({ metrics }: EpochDetails, catalog: MetricCatalog): boolean {
  return (
    hasClasses({ metrics }) ||
    isThere(metrics.loss.val) ||
    isThere(metrics.accuracy.val) ||
    Object.keys(metrics.other).some((name) => isOfValidation(name, catalog))
  );
}

/** Whether the epoch was evaluated by class, so that it may have a confusion matrix. */
export function hasClasses({ metrics }: Pick<EpochDetails, "metrics">): boolean {
  return Object.keys(metrics.per_class).length > 0;
}

function isOfValidation(name: string, catalog: MetricCatalog): boolean {
  const { split, group } = classify(name, catalog);
  return split === "val" && group !== null;
}

/** The newest epoch that has been evaluated, else the newest: an epoch is evaluated at its end. */
export function latest(
  epochs: readonly EpochDetails[],
  catalog: MetricCatalog,
): EpochDetails | undefined {
  return epochs.findLast((each) => isEvaluated(each, catalog)) ?? epochs.at(-1);
}

export type Criterion = "score" | "loss" | "accuracy";

/** The best epoch, and the criterion: the score that also selects a training's checkpoint (the mean
of F1, macro AUROC and kappa), else the validation loss, else the validation accuracy. */
export function best(
  epochs: readonly EpochDetails[],
  catalog: MetricCatalog,
): { epoch: EpochDetails; by: Criterion } | undefined {
  const lossName = validationName(epochs, "loss", catalog);
  const accuracyName = validationName(epochs, "accuracy", catalog);
  const criteria: ReadonlyArray<[Criterion, (metrics: MetricsData) => number | null]> = [
    ["score", selectionScore],
    ["loss", ({ loss, other }) => negated(loss.val ?? valueIn(other, lossName))],
    ["accuracy", ({ accuracy, other }) => accuracy.val ?? valueIn(other, accuracyName)],
  ];
  for (const [by, measure] of criteria) {
    let found: EpochDetails | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const epoch of epochs) {
      const value = measure(epoch.metrics);
      if (value !== null && value > most) {
        most = value;
        found = epoch;
      }
    }
    if (found) {
      return { epoch: found, by };
    }
  }
  return undefined;
}

/** The name by which another program logs the loss or the accuracy of the validation. */
function validationName(
  epochs: readonly EpochDetails[],
  group: "loss" | "accuracy",
  catalog: MetricCatalog,
): string | undefined {
  const names = new Set(epochs.flatMap(({ metrics }) => Object.keys(metrics.other)));
  return headlineNames([...names], catalog).find((name) => {
    const found = classify(name, catalog);
    return found.split === "val" && found.group === group && found.measure === group;
  });
}

function valueIn(other: MetricsData["other"], name: string | undefined): number | null {
  return name === undefined ? null : (other[name] ?? null);
}

function negated(value: number | null): number | null {
  return value === null ? null : -value;
}

function selectionScore({ f1_score, auc_roc, other }: MetricsData): number | null {
  const parts = [f1_score, auc_roc.macro, other["val/kappa"]].filter(isThere);
  return parts.length > 0 ? parts.reduce((total, part) => total + part, 0) / parts.length : null;
}

/** The epoch nearest to `wanted`; the earlier of two. */
export function nearest(epochs: readonly EpochDetails[], wanted: number): EpochDetails | undefined {
  let found: EpochDetails | undefined;
  for (const each of epochs) {
    if (!found || Math.abs(each.epoch - wanted) < Math.abs(found.epoch - wanted)) {
      found = each;
    }
  }
  return found;
}

function isThere(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}
