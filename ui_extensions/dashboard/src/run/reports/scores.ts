// The figures of an evaluation, read from the artifact `scores.json` that it logs.

export type Interval = readonly [low: number, high: number];

export interface Estimate {
  value: number | null;
  /** 95%; null if none was computed. */
  interval: Interval | null;
}

export const OVERALL = [
  "accuracy",
  "auc_roc_macro",
  "f1",
  "kappa",
  "dice_macro",
  "iou_macro",
] as const;
export type Overall = (typeof OVERALL)[number];

export const VERDICTS = [
  "meets_floor",
  "below_floor",
  "too_few_positives",
  "not_assessed",
] as const;
export type ConditionVerdict = (typeof VERDICTS)[number];

export interface ConditionScore {
  name: string;
  floor: number | null;
  /** Number of positives. */
  support: number | null;
  sensitivity: Estimate;
  verdict: ConditionVerdict;
}

export interface Scores {
  numImages: number | null;
  overall: Readonly<Partial<Record<Overall, Estimate>>>;
  conditions: readonly ConditionScore[];
}

/** Anybody may have written the artifact: fields that are missing or of another type are left out. */
export function parseScores(document: unknown): Scores {
  const { num_images: numImages, metrics, critical_conditions: conditions } = fields(document);
  const found = fields(metrics);
  return {
    numImages: number(numImages),
    overall: Object.fromEntries(
      OVERALL.filter((name) => name in found).map((name) => [name, estimate(found[name])]),
    ),
    conditions: (Array.isArray(conditions) ? conditions : []).map(condition),
  };
}

function condition(document: unknown): ConditionScore {
  const { name, floor, support, sensitivity, verdict } = fields(document);
  return {
    name: String(name),
    floor: number(floor),
    support: number(support),
    sensitivity: estimate(sensitivity),
    verdict: VERDICTS.find((each) => each === verdict) ?? "not_assessed",
  };
}

function estimate(document: unknown): Estimate {
  const { value, interval } = fields(document);
  const [low, high] = Array.isArray(interval) ? interval.map(number) : [];
  return {
    value: number(value),
    interval: typeof low === "number" && typeof high === "number" ? [low, high] : null,
  };
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
