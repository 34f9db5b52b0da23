import { describe, expect, it } from "vitest";
import type { Points } from "../live/series";
import { CATALOG } from "../metrics/catalogExample";
import { cardMetrics, trendOf } from "./metricTrend";

function points(values: number[]): Points {
  const steps = Float64Array.from(values.map((_, step) => step));
  return { steps, values: Float64Array.from(values), times: steps, revision: 0 };
}

describe("a trend", () => {
  it("is the direction of the last values", () => {
    expect(trendOf(points([1, 0.8, 0.6]), "lower")).toEqual({
      value: 0.6,
      direction: "down",
      best: 0.6,
    });
  });

  it("is flat if only noise differs", () => {
    const noisy = Array.from({ length: 400 }, (_, step) => 0.1 + ((step * 7919) % 101) / 1000);
    expect(trendOf(points(noisy), "lower").direction).toBe("flat");
  });

  it("skips gaps, but shows the newest value", () => {
    const trend = trendOf(points([0.5, 0.4, Number.NaN]), "lower");
    expect(trend.value).toBeNaN();
    expect(trend.best).toBe(0.4);
  });

  it("has no direction with fewer than two values", () => {
    expect(trendOf(points([0.5]), "higher")).toEqual({
      value: 0.5,
      direction: undefined,
      best: 0.5,
    });
    expect(trendOf(points([]), "higher").value).toBeUndefined();
  });
});

it("has no best value where neither direction is better", () => {
  expect(trendOf(points([1, 2, 3]), "none")).toMatchObject({ direction: "up", best: undefined });
});

it("shows the headline metrics, or the first few metrics of a run that logs none of them", () => {
  expect(cardMetrics(["val/accuracy", "x", "train/loss"], CATALOG)).toEqual([
    "train/loss",
    "val/accuracy",
  ]);
  expect(
    cardMetrics(["loss", "grad_norm", "learning_rate", "eval_loss", "epoch"], CATALOG),
  ).toEqual(["eval_loss", "loss"]);
  const others = Array.from({ length: 5_000 }, (_, n) => `m${n}`);
  expect(cardMetrics(["system/cpu", "epoch", ...others], CATALOG)).toEqual(others.slice(0, 8));
});
