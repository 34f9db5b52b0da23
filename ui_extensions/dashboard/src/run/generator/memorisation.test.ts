import { expect, it } from "vitest";
import { memorisationOf } from "./memorisation";

const PAIR = { generated: 3, train: 8, feature_ratio: 0.2, pixel_distance: 0.01, is_copy: true };
const DOCUMENT = {
  verdict: "memorised",
  reason: "3 images are copies.",
  encoder: { name: "timm:resnet18", digest: "ab", dimension: 512 },
  num_generated: 40,
  num_train: 8,
  num_held_out: 40,
  num_held_out_patients: 40,
  flagged: {
    num_flagged: 30,
    num_generated: 40,
    share: 0.75,
    interval: [0.6, 0.86],
    expected_share: 0.05,
    expected_interval: [0.01, 0.13],
  },
  num_copies: 3,
  pairs: [PAIR, { generated: "the first" }, null],
  whole_model: { share_closer_to_train: 0.9, p_value: 0.001 },
};

it("reads the result of the check", () => {
  const found = memorisationOf(DOCUMENT);
  expect(found).toMatchObject({ verdict: "memorised", numCopies: 3, encoder: "timm:resnet18" });
  expect(found?.flagged?.expectedInterval).toEqual([0.01, 0.13]);
  expect(found?.wholeModel?.pValue).toBe(0.001);
  expect(found?.pairs).toEqual([
    { generated: 3, train: 8, featureRatio: 0.2, pixelDistance: 0.01, isCopy: true },
  ]);
});

it("has no figures that were not found", () => {
  const found = memorisationOf({ verdict: "unknown", reason: "Too few images.", flagged: null });
  expect(found).toMatchObject({ flagged: null, wholeModel: null, pairs: [], numTrain: null });
});

it.each([undefined, null, [], "memorised", { verdict: "perhaps" }, {}])("%j is none", (other) => {
  expect(memorisationOf(other)).toBeNull();
});

it("shows a hundred pairs at most", () => {
  const many = { ...DOCUMENT, pairs: Array.from({ length: 5_000 }, () => PAIR) };
  expect(memorisationOf(many)?.pairs).toHaveLength(100);
});
