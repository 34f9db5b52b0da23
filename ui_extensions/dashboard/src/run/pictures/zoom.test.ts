import { expect, it } from "vitest";
import { afterKey, LARGEST_SCALE, moved, WHOLE, zoomed } from "./zoom";

const SIZE = { width: 400, height: 200 };

it("keeps what is under the pointer in its place", () => {
  const point = { x: 100, y: 50 };
  const zoom = zoomed(WHOLE, 4, point, SIZE);
  expect(zoom).toEqual({ scale: 4, x: -300, y: -150 });
  expect(zoomed(zoom, 0.5, point, SIZE)).toEqual({ scale: 2, x: -100, y: -50 });
});

it("zooms neither out of the whole picture nor without end", () => {
  expect(zoomed(WHOLE, 0.1, { x: 9, y: 9 }, SIZE)).toEqual(WHOLE);
  expect(zoomed(WHOLE, 1e9, { x: 0, y: 0 }, SIZE).scale).toBe(LARGEST_SCALE);
});

it("does not move the picture out of the viewer", () => {
  const zoom = zoomed(WHOLE, 2, { x: 0, y: 0 }, SIZE);
  expect(moved(zoom, { x: 50, y: 50 }, SIZE)).toEqual({ scale: 2, x: 0, y: 0 });
  expect(moved(zoom, { x: -9e9, y: -9e9 }, SIZE)).toEqual({ scale: 2, x: -400, y: -200 });
  expect(moved(WHOLE, { x: -10, y: 10 }, SIZE)).toEqual(WHOLE);
});

it("follows the keys, and leaves others alone", () => {
  const near = afterKey(WHOLE, "+", SIZE);
  expect(near?.scale).toBeCloseTo(1.4);
  expect(near && afterKey(near, "ArrowRight", SIZE)?.x).toBeLessThan(near?.x ?? 0);
  expect(near && afterKey(near, "ArrowDown", SIZE)?.y).toBeLessThan(near?.y ?? 0);
  expect(near && afterKey(near, "0", SIZE)).toEqual(WHOLE);
  expect(afterKey(WHOLE, "Tab", SIZE)).toBeUndefined();
});
