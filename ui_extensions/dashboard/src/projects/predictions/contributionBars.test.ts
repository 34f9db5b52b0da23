import { describe, expect, it } from "vitest";
import type { Explanation } from "../../../../live/schemas";
import { barsOf } from "./contributionBars";

function explained(contributions: Record<string, number>): Explanation {
  const sum = Object.values(contributions).reduce((total, value) => total + value, 1);
  return {
    model: "m",
    output: "ill",
    adds_up_to: "",
    base_value: 1,
    contributions,
    sum,
    reasons: [],
  };
}

describe("barsOf", () => {
  it("shows the strongest first, and all others as one", () => {
    const explanation = explained({ a: 0.25, b: -1, c: 0.5, d: -0.125 });
    const { bars, numOthers } = barsOf(explanation, 2);
    expect(bars.map(({ feature, value }) => [feature, value])).toEqual([
      ["b", -1],
      ["c", 0.5],
      [null, 0.125],
    ]);
    expect(bars[0]?.length).toBe(1);
    expect(numOthers).toBe(2);
    const total = bars.reduce((sum, { value }) => sum + value, explanation.base_value);
    expect(total).toBe(explanation.sum);
  });

  it("has no length where nothing contributes", () => {
    expect(barsOf(explained({ a: 0 }), 5).bars).toEqual([{ feature: "a", value: 0, length: 0 }]);
    expect(barsOf(explained({}), 5).bars).toEqual([]);
  });
});
