// Orders the points of a curve as uPlot needs them.

interface Point {
  x: number;
  y: number;
}

/** Invisible in a plot from 0 to 1. */
const NUDGE = 1e-9;

/** The columns of a curve by rising `x`; an upright part of it keeps its order, a little apart. */
export function rising(points: readonly Point[]): [number[], number[]] {
  const isFalling = (points[0]?.x ?? 0) > (points.at(-1)?.x ?? 0);
  const sorted = (isFalling ? [...points].reverse() : [...points]).sort((a, b) => a.x - b.x);
  let last = Number.NEGATIVE_INFINITY;
  const xs = sorted.map(({ x }) => {
    last = x > last ? x : last + NUDGE;
    return last;
  });
  return [xs, sorted.map(({ y }) => y)];
}
