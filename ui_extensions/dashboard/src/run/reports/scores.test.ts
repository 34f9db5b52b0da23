import { expect, it } from "vitest";
import { parseScores } from "./scores";

const DOCUMENT = {
  num_images: 840,
  metrics: {
    accuracy: { value: 0.91, interval: [0.89, 0.93] },
    kappa: { value: 0.8, interval: null },
    loss: { value: 0.4, interval: null },
  },
  critical_conditions: [
    {
      name: "RAO",
      floor: 0.99,
      support: 13,
      sensitivity: { successes: 12, total: 13, value: 0.923, interval: [0.667, 0.986] },
      verdict: "below_floor",
    },
  ],
};

it("reads the overall scores and the critical conditions with their intervals", () => {
  expect(parseScores(DOCUMENT)).toEqual({
    numImages: 840,
    overall: {
      accuracy: { value: 0.91, interval: [0.89, 0.93] },
      kappa: { value: 0.8, interval: null },
    },
    conditions: [
      {
        name: "RAO",
        floor: 0.99,
        support: 13,
        sensitivity: { value: 0.923, interval: [0.667, 0.986] },
        verdict: "below_floor",
      },
    ],
  });
});

it.each([[null], ["text"], [[]], [{ metrics: 7, critical_conditions: {} }]])(
  "finds no scores in %j",
  (document) => {
    expect(parseScores(document)).toEqual({ numImages: null, overall: {}, conditions: [] });
  },
);

it("does not assess a condition whose fields it cannot read", () => {
  const { conditions } = parseScores({
    critical_conditions: [{ name: "CNV", verdict: "odd", sensitivity: { value: "1" } }],
  });
  expect(conditions).toEqual([
    {
      name: "CNV",
      floor: null,
      support: null,
      sensitivity: { value: null, interval: null },
      verdict: "not_assessed",
    },
  ]);
});
