import { describe, expect, it } from "vitest";
import { projectOf, runOf } from "./galaxyExample";
import { assignSlots, placeOfSlot, skyOf, starRadius } from "./layout";

describe("slots", () => {
  it("puts the oldest project in the middle and new ones outside", () => {
    const slots = assignSlots(new Map(), ["new", "older", "oldest"]);
    expect([slots.get("oldest"), slots.get("older"), slots.get("new")]).toEqual([0, 1, 2]);
    expect(assignSlots(slots, ["newest", "new", "older", "oldest"]).get("newest")).toBe(3);
  });

  it("moves no star when another is deleted", () => {
    const before = assignSlots(new Map(), ["c", "b", "a"]);
    const after = assignSlots(before, ["c", "a"]);
    expect([after.get("a"), after.get("c")]).toEqual([0, 2]);
    expect(assignSlots(after, ["d", "c", "a"]).get("d")).toBe(1);
  });

  it("leaves room for a star with all its planets, however many stars there are", () => {
    const places = Array.from({ length: 500 }, (_, slot) => placeOfSlot(slot));
    const gaps = places.flatMap((a, at) =>
      places.slice(at + 1).map((b) => Math.hypot(a.x - b.x, a.z - b.z)),
    );
    const runs = Array.from({ length: 24 }, (_, at) => runOf(String(at)));
    const { stars } = skyOf([projectOf("a", { runs, num_samples: 1e9 })], new Map());
    const outermost = stars[0]?.planets.at(-1)?.orbit ?? Infinity;
    const smallest = gaps.reduce((least, gap) => Math.min(least, gap), Infinity);
    expect(smallest).toBeGreaterThan(outermost);
  });
});

describe("the size of a star", () => {
  it("grows with the rows and has bounds", () => {
    expect(starRadius(10_000)).toBeGreaterThan(starRadius(100));
    expect(starRadius(null)).toBe(starRadius(0));
    expect(starRadius(1e300)).toBe(starRadius(1e12));
  });
});

describe("a sky", () => {
  it("shows the stage only of a project that runs", () => {
    const running = { status: "training", current_stage: "model_training" } as const;
    const { byId } = skyOf(
      [
        projectOf("done"),
        projectOf("runs", running),
        projectOf("asks", { ...running, has_question: true }),
      ],
      new Map(),
    );
    expect([...byId.values()].map(({ stage }) => stage)).toEqual([-1, 5, -1]);
    expect(byId.get("asks")?.tone).toBe("warning");
  });

  it("puts planets nearer in the order of the server, and makes pipelines larger", () => {
    const runs = [runOf("pipeline", { is_candidate: false }), runOf("best"), runOf("worst")];
    const { stars } = skyOf([projectOf("a", { runs })], new Map());
    const [pipeline, best, worst] = stars[0]?.planets ?? [];
    expect(pipeline?.orbit).toBeLessThan(best?.orbit ?? 0);
    expect(best?.orbit).toBeLessThan(worst?.orbit ?? 0);
    expect(pipeline?.radius).toBeGreaterThan(best?.radius ?? Infinity);
    expect(pipeline?.orbit).toBeGreaterThan((stars[0]?.radius ?? 0) + (pipeline?.radius ?? 0));
  });

  it("of no projects is empty", () => {
    expect(skyOf([], new Map())).toMatchObject({ stars: [], extent: 0 });
  });
});
