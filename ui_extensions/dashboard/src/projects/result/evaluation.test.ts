import { describe, expect, it } from "vitest";
import { evaluationOf } from "./evaluation";

describe("evaluationOf", () => {
  it("reads what a pipeline writes", () => {
    const found = evaluationOf({
      num_rows: 12,
      metrics: { macro_f1: { value: 0.79, interval: [0.7, 0.8] }, accuracy: { value: null } },
      classes: [
        {
          name: "ill",
          support: 5,
          recall: { value: 0.8, interval: null },
          roc: [{ x: 0, y: 0, threshold: null }, { x: 1 }],
          thresholds: [{ threshold: 0.5, num_above: 4, completeness: 0.6, reliability: null }],
        },
      ],
      confusion: {
        classes: ["ill", "well"],
        counts: [
          [4, 1],
          [2, 5],
        ],
        has_others: false,
      },
      gap: { metric: "macro_f1", selection: 0.8, holdout: 0.79, difference: 0.01 },
      notes: ["Few rows."],
    });
    expect([...found.metrics]).toEqual([["macro_f1", { value: 0.79, interval: [0.7, 0.8] }]]);
    expect(found.classes[0]?.roc).toEqual([{ x: 0, y: 0 }]);
    expect(found.classes[0]?.thresholds[0]).toMatchObject({ numAbove: 4, reliability: null });
    expect(found.confusion?.counts).toEqual([
      [4, 1],
      [2, 5],
    ]);
    expect(found.gap?.difference).toBe(0.01);
  });

  it("takes anything else for nothing", () => {
    const documents = [
      null,
      "text",
      [],
      { metrics: [1], classes: "x", confusion: { classes: ["a"], counts: [[1, 2]] }, gap: 3 },
      { metrics: { a: { value: "1" } }, reliability: { bins: [null, { observed: 1 }] } },
    ];
    for (const document of documents) {
      const found = evaluationOf(document);
      expect(found.metrics.size).toBe(0);
      expect(found).toMatchObject({ classes: [], confusion: null, reliability: [], gap: null });
    }
  });
});
