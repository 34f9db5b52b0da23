import { describe, expect, it } from "vitest";
import { gallery } from "../loggedImages";
import { nearestStep, samplesOf } from "./sampleRows";

const ID = "0b5c6f2e-1f8a-4a59-9d1e-0a1b2c3d4e5f";

function path(key: string, step: number, timestamp: number): string {
  return `images/${key}+step+${step}+timestamp+${timestamp}+${ID}.png`;
}

const PATHS = [
  path("sample_10", 20, 5),
  path("sample_2", 10, 1),
  path("sample_2", 20, 4),
  path("sample_2", 20, 3),
  path("sample_17", 10, 1),
  path("current", 30, 1),
];
const HISTORY = {
  first: ["a retina", "a vessel"],
  changes: [{ step: 20, answeredMs: 4, prompts: ["a drusen", "a scar"] }],
};

describe("samples", () => {
  const { rows, steps } = samplesOf(gallery(PATHS).stepped, HISTORY);

  it("have a row for each prompt, in the order of their numbers", () => {
    expect(rows.map(({ number }) => number)).toEqual([2, 10]);
    expect(steps).toEqual([10, 20]);
  });

  it("show what was drawn last at a step, with the prompt that was drawn", () => {
    const [second, tenth] = rows;
    expect(second?.byStep.get(10)?.prompt).toBe("a vessel");
    expect(second?.byStep.get(20)).toEqual({
      image: { path: path("sample_2", 20, 4), thumbnail: path("sample_2", 20, 4) },
      prompt: "a scar",
    });
    expect(tenth?.byStep.get(20)?.prompt).toBeUndefined();
    expect(tenth?.byStep.has(10)).toBe(false);
  });
});

describe("the step shown", () => {
  it.each([
    [null, 300],
    [0, 10],
    [21, 20],
    [400, 300],
  ])("for %s is %i", (wanted, step) => {
    expect(nearestStep([10, 20, 300], wanted)).toBe(step);
  });

  it("is 0 without any", () => {
    expect(nearestStep([], 7)).toBe(0);
  });
});
