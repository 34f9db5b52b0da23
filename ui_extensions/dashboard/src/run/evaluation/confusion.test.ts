import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Confusion,
  confusionOf,
  countAt,
  largestError,
  moved,
  nameAt,
  narrowCount,
  narrowPercent,
  shadeOf,
  shareAt,
} from "./confusion";
import { shortName } from "../../ui/shortName";

const THREE = confusionOf(
  ["a", "b", "c"],
  [
    [8, 2, 0],
    [0, 0, 0],
    [1, 3, 6],
  ],
);

describe("a confusion matrix", () => {
  it("counts its images, and the correct ones", () => {
    expect(THREE.supports).toEqual([10, 0, 10]);
    expect([THREE.numImages, THREE.numRight, THREE.largest]).toEqual([20, 14, 8]);
  });

  it("gives each cell its count and its share of the row", () => {
    expect(countAt(THREE, { row: 2, column: 1 })).toBe(3);
    expect(shareAt(THREE, { row: 2, column: 1 })).toBe(0.3);
  });

  it("has no shares in a row without images", () => {
    expect(shareAt(THREE, { row: 1, column: 1 })).toBeNull();
  });

  it("finds the most frequent error", () => {
    expect(largestError(THREE)).toEqual({ row: 2, column: 1 });
    expect(largestError(confusionOf(["a"], [[5]]))).toBeNull();
  });

  it("does not change names", () => {
    const name = "<img src=x onerror=alert(1)>";
    expect(nameAt(confusionOf([name], [[1]]), 0, String)).toBe(name);
  });
});

describe("more classes than can be shown", () => {
  const size = 100;
  const names = Array.from({ length: size }, (_, index) => `class ${index}`);
  // 70 is often predicted as 3 and once as 99; all else is correct.
  const matrix = names.map((_, row) =>
    names.map((_, column) => {
      if (row === 70) {
        return column === 3 ? 50 : column === 99 ? 1 : column === 70 ? 5 : 0;
      }
      return row === column ? 10 : 0;
    }),
  );
  const confusion: Confusion = confusionOf(names, matrix, 4);

  it("keeps those with the most errors in order, and groups the rest", () => {
    const indices = confusion.classes.map(({ index, size: numClasses }) => [index, numClasses]);
    expect(indices).toEqual([
      [3, 1],
      [70, 1],
      [99, 1],
      [null, 97],
    ]);
    expect(nameAt(confusion, 3, (count) => `${count} others`)).toBe("97 others");
  });

  it("loses no image", () => {
    expect(confusion.counts).toEqual([
      [10, 0, 0, 0],
      [50, 5, 1, 0],
      [0, 0, 10, 0],
      [0, 0, 0, 970],
    ]);
    expect(confusion.numImages).toBe(99 * 10 + 56);
  });

  it("leaves the group out of the shades and of the most frequent error", () => {
    expect(confusion.largest).toBe(50);
    expect(largestError(confusion)).toEqual({ row: 1, column: 0 });
    const toOthers = confusionOf(
      ["a", "b", "c"],
      [
        [0, 1, 9],
        [9, 9, 0],
        [9, 0, 0],
      ],
      2,
    );
    expect(largestError(toOthers)).toBeNull();
  });

  it("counts only predictions of the same class as correct", () => {
    const mixedUp = confusionOf(
      ["a", "b", "c", "d"],
      [
        [9, 9, 0, 0],
        [9, 9, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 1, 0],
      ],
      3,
    );
    // c and d are in the group, whose diagonal holds their errors.
    expect(mixedUp.counts[2]?.[2]).toBe(2);
    expect(mixedUp.numRight).toBe(18);
  });
});

describe("the text of a narrow cell", () => {
  it("has the beginning and the end of a very long name", () => {
    expect(shortName("a".repeat(60))).toHaveLength(60);
    expect(shortName(`begin${"é".repeat(100)}end`)).toMatch(/^beginé+…é+end$/);
    expect(shortName("a".repeat(99))).toHaveLength(61);
  });

  it.each([
    [0, "0"],
    [9999, "9999"],
    [10_000, "10k"],
    [999_999, "999k"],
    [12_345_678, "12M"],
    [2 ** 53, "9P"],
    [1e30, "1e30"],
    [Number.POSITIVE_INFINITY, "∞"],
    [0.123456, "0"],
  ])("writes %d as %s", (count, text) => {
    expect(narrowCount(count)).toBe(text);
  });

  it.each([
    [null, "–"],
    [0, "0"],
    [0.0004, "<1"],
    [0.21, "21"],
    [0.9996, ">99"],
    [1, "100"],
  ])("writes the share %s as %s", (share, text) => {
    expect(narrowPercent(share)).toBe(text);
  });
});

describe("moving through the cells", () => {
  const middle = { row: 5, column: 7 };

  it.each([
    ["ArrowUp", false, { row: 4, column: 7 }],
    ["ArrowDown", false, { row: 6, column: 7 }],
    ["ArrowLeft", false, { row: 5, column: 6 }],
    ["ArrowRight", false, { row: 5, column: 8 }],
    ["Home", false, { row: 5, column: 0 }],
    ["End", false, { row: 5, column: 27 }],
    ["Home", true, { row: 0, column: 0 }],
    ["End", true, { row: 27, column: 27 }],
    ["PageUp", false, { row: 0, column: 7 }],
    ["PageDown", false, { row: 27, column: 7 }],
  ])("%s (to the edge: %s) moves to %o", (key, toEdge, cell) => {
    expect(moved(middle, key, toEdge, 28)).toEqual(cell);
  });

  it("stops at the edges", () => {
    const corner = { row: 0, column: 0 };
    expect(moved(corner, "ArrowUp", false, 1)).toEqual(corner);
    expect(moved(corner, "ArrowRight", false, 1)).toEqual(corner);
  });

  it("ignores other keys", () => {
    expect(moved(middle, "Tab", false, 28)).toBeNull();
    expect(moved(middle, "a", false, 28)).toBeNull();
  });
});

describe("the shades", () => {
  it("distinguish one image from none, and grow", () => {
    expect(shadeOf(0)).toBe(0);
    expect(shadeOf(null)).toBe(0);
    expect(shadeOf(1e-9)).toBeGreaterThan(0.19);
    expect(shadeOf(0.5)).toBeGreaterThan(shadeOf(0.4));
    expect(shadeOf(1)).toBe(1);
  });

  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const [light, dark] = read("../../ui/base.css").split(':root[data-theme="dark"]');
  const strengths = [...read("./ConfusionMatrix.module.css").matchAll(/--strength: ([\d.]+)/g)];

  it.each([
    ["light", light ?? "", Number(strengths[0]?.[1])],
    ["dark", dark ?? "", Number(strengths[1]?.[1])],
  ])("keep the text readable in the %s theme", (_, css, strength) => {
    const [text, surface] = [hex(css, "text"), hex(css, "surface")];
    for (const colour of [triple(css, "heat"), triple(css, "wrong")]) {
      for (let shade = 0; shade <= 1; shade += 0.05) {
        const ground = colour.map((part, index) => {
          const alpha = shade * strength;
          return part * alpha + (surface[index] ?? 0) * (1 - alpha);
        });
        expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});

function hex(css: string, name: string): number[] {
  const [, digits] = new RegExp(`--${name}: #([0-9a-f]{6})`).exec(css) ?? [];
  return (digits?.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

function triple(css: string, name: string): number[] {
  const [, numbers] = new RegExp(`--${name}: ([\\d ]+);`).exec(css) ?? [];
  return (numbers ?? "").split(" ").map(Number);
}

/** As WCAG 2.2 defines it. */
function contrast(first: number[], second: number[]): number {
  const [a, b] = [luminance(first), luminance(second)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(colour: number[]): number {
  const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
