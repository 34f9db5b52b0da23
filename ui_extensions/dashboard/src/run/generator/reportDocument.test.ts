import { expect, it } from "vitest";
import { dataReportOf, isNotable } from "./reportDocument";

const REPORT = {
  files: {
    used: { "a caption": 3, "an image with a caption beside it": 3 },
    left_out: { "a caption without its image": 1, broken: "many" },
    endings_of_other_kinds: { ".pdf": 2 },
  },
  captions: { beside: 3, truncated: 1, most_tokens: 90 },
  images: { turned_by_exif: 1, mean_cropped_share: 0.1, modes: { RGB: 3 } },
  copies: { groups: 1, images_that_are_copies: 1 },
  steps: { images: 3, total_steps: 30, images_never_seen: 0 },
  buckets: [
    { width: 64, height: 64, num_images: 1, total_steps: 10, num_never_seen: 0 },
    { width: 96, height: 64, num_images: 2, total_steps: 20, num_never_seen: 0 },
    { width: "wide" },
  ],
  list: [
    { number: 0, name: "ab12", size: [100, 80], bucket: [96, 64], cropped_share: 0.1, tokens: 5 },
    { number: 1, name: "cd34", size: [64], bucket: null, truncated: true, tokens: 90 },
    { number: 2, name: "ef56", copy_of: 0 },
    {},
  ],
  num_not_listed: 4,
  held_out: 1,
};

it("reads the report", () => {
  const report = dataReportOf(REPORT);
  expect(report?.steps.get("total_steps")).toBe(30);
  expect(report?.leftOut).toEqual([{ name: "a caption without its image", count: 1 }]);
  expect(report?.images.has("modes")).toBe(false);
  expect(report?.buckets.map(({ width }) => width)).toEqual([96, 64]);
  expect(report?.listed[0]).toMatchObject({ size: "100 × 80", bucket: "96 × 64", copyOf: null });
  expect(report?.listed.map(isNotable)).toEqual([false, true, true]);
  expect([report?.numNotListed, report?.heldOut]).toEqual([4, 1]);
});

it.each([undefined, null, 7, [], {}, { steps: [] }, { steps: { images: "three" } }])(
  "%j is none",
  (other) => {
    expect(dataReportOf(other)).toBeNull();
  },
);
