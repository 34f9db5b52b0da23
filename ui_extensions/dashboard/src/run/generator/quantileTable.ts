// The loss of a generator at nine quantiles of the timesteps, beside that of its base model.

import {
  type Fields,
  type Interval,
  interval,
  number,
  object,
  objects,
} from "../../live/documentFields";
import { quantileMetric } from "../generatorRun";

export const NUM_QUANTILES = 9;

/** Whether what is trained beats its base model; `notShown` if either may be better. */
export type Verdict = "better" | "worse" | "notShown" | "unknown";

export interface PairedLoss {
  loss: number;
  baseLoss: number | null;
  difference: number | null;
  /** 95 % of the difference; below 0 what is trained is better. */
  interval: Interval | null;
}

export interface QuantileLoss extends PairedLoss {
  /** Share of the timesteps that are less noisy. */
  quantile: number;
}

export interface QuantileTable {
  /** Of the evaluation; null if it is that of the newest metrics. */
  at: { epoch: number | null; step: number | null; numPatients: number | null } | null;
  overall: PairedLoss | null;
  rows: readonly QuantileLoss[];
}

export function verdictOf({ interval: found }: PairedLoss): Verdict {
  if (found === null) {
    return "unknown";
  }
  const [low, high] = found;
  return low <= 0 && high >= 0 ? "notShown" : high < 0 ? "better" : "worse";
}

/** The newest values of the metrics, which have no intervals; null without any. */
export function tableOfMetrics(
  values: Readonly<Record<string, number | null | undefined>>,
): QuantileTable | null {
  const rows = numbers().flatMap((place) => {
    const [loss, baseLoss] = [
      number(values[quantileMetric(place)]),
      number(values[quantileMetric(place, true)]),
    ];
    const difference = loss === null || baseLoss === null ? null : loss - baseLoss;
    return loss === null
      ? []
      : [{ quantile: place / (NUM_QUANTILES + 1), loss, baseLoss, difference, interval: null }];
  });
  return rows.length > 0 ? { at: null, overall: null, rows } : null;
}

/** The table of an evaluation's document; null if it has none. */
export function tableOfDocument(document: unknown): QuantileTable | null {
  const fields = object(document);
  const rows = objects(fields.quantiles).flatMap((entry) => {
    const [quantile, paired] = [number(entry.quantile), pairedLoss(entry)];
    return quantile === null || paired === null ? [] : [{ quantile, ...paired }];
  });
  const at = {
    epoch: number(fields.epoch),
    step: number(fields.step),
    numPatients: number(fields.num_patients),
  };
  return rows.length > 0
    ? { at, overall: pairedLoss(object(fields.overall)), rows: rows.slice(0, 100) }
    : null;
}

function pairedLoss(entry: Fields): PairedLoss | null {
  const loss = number(entry.loss);
  return loss === null
    ? null
    : {
        loss,
        baseLoss: number(entry.base_loss),
        difference: number(entry.difference),
        interval: interval(entry.interval),
      };
}

/** The range of an axis that shows the losses apart, however close they are. */
export function lossRange(losses: readonly number[]): readonly [number, number] {
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const margin = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** The document's table, unless the metrics are of a newer evaluation. */
export function newestTable(
  ofMetrics: QuantileTable | null,
  ofDocument: QuantileTable | null,
): QuantileTable | null {
  if (ofMetrics === null || ofDocument === null) {
    return ofMetrics ?? ofDocument;
  }
  const isSame = ofMetrics.rows.every(({ loss }, place) => {
    const other = ofDocument.rows[place]?.loss;
    return other !== undefined && Math.abs(other - loss) <= 1e-9 * Math.abs(loss);
  });
  return isSame ? ofDocument : ofMetrics;
}

function numbers(): number[] {
  return Array.from({ length: NUM_QUANTILES }, (_, index) => index + 1);
}
