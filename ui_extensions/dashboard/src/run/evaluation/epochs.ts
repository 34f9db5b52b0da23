// The epochs of a run: which there are, which of them stand out, and how to read them sparingly.

import type { Page } from "../../../../live/rest";
import type { EpochDetails, MetricsData } from "../../../../live/schemas";

export interface EpochList {
  /** Oldest first; the newest of the run, where it has more than can be read. */
  epochs: readonly EpochDetails[];
  /** That the run has. */
  total: number;
}

export type AskForEpochs = (limit: number) => Promise<Page<EpochDetails>>;

/** Where epochs are known, these tell whether there are others. */
const NEWEST = 3;
const MOST_EPOCHS = 1_000;
/** A run may log thousands of metrics: so many values are read in all. */
const MOST_VALUES = 200_000;

/** The run's epochs; of those that are `known`, only what may have changed is read. */
export async function readEpochs(ask: AskForEpochs, known?: EpochList): Promise<EpochList> {
  const newest = await ask(NEWEST);
  if (newest.entries.length >= newest.total) {
    return listOf(newest);
  }
  if (known && isJoined(known, newest)) {
    const epochs = new Set(newest.entries.map(({ epoch }) => epoch));
    const before = known.epochs.filter(({ epoch }) => !epochs.has(epoch));
    const joined = [...before, ...listOf(newest).epochs].slice(-MOST_EPOCHS);
    return { epochs: joined, total: newest.total };
  }
  const most = Math.floor(MOST_VALUES / Math.max(1, ...newest.entries.map(numValues)));
  return listOf(await ask(Math.min(MOST_EPOCHS, Math.max(NEWEST, most))));
}

function listOf({ entries, total }: Page<EpochDetails>): EpochList {
  return { epochs: entries.toReversed(), total };
}

/** Whether the newest ones overlap with what is known, so that no epoch is missing between them. */
function isJoined(known: EpochList, newest: Page<EpochDetails>): boolean {
  const numNew = newest.total - known.total;
  return numNew >= 0 && numNew < newest.entries.length;
}

function numValues({ metrics }: EpochDetails): number {
  return 8 + Object.keys(metrics.other).length + Object.keys(metrics.per_class).length;
}

/** Whether the epoch's metrics tell of an evaluation: those of the training alone do not. */
export function isEvaluated({ metrics }: EpochDetails): boolean {
  return (
    Object.keys(metrics.per_class).length > 0 ||
    isThere(metrics.loss.val) ||
    isThere(metrics.accuracy.val)
  );
}

/** The newest epoch that has been evaluated, else the newest: an epoch is evaluated at its end. */
export function latest(epochs: readonly EpochDetails[]): EpochDetails | undefined {
  return epochs.findLast(isEvaluated) ?? epochs.at(-1);
}

export type Yardstick = "score" | "loss" | "accuracy";

/** The best epoch and what it is the best by: the score that also chooses a training's checkpoint
(the mean of F1, macro AUROC and kappa), else the validation's loss, else its accuracy. */
export function best(
  epochs: readonly EpochDetails[],
): { epoch: EpochDetails; by: Yardstick } | undefined {
  const yardsticks: ReadonlyArray<[Yardstick, (metrics: MetricsData) => number | null]> = [
    ["score", selectionScore],
    ["loss", ({ loss }) => (isThere(loss.val) ? -loss.val : null)],
    ["accuracy", ({ accuracy }) => accuracy.val ?? null],
  ];
  for (const [by, measure] of yardsticks) {
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

function selectionScore({ f1_score, auc_roc, other }: MetricsData): number | null {
  const parts = [f1_score, auc_roc.macro, other["val/kappa"]].filter(isThere);
  return parts.length > 0 ? parts.reduce((total, part) => total + part, 0) / parts.length : null;
}

/** The epoch nearest to the one that is wanted; the earlier of two. */
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
