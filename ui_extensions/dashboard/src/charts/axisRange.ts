// The range of an axis and its ticks, for every number that a float can hold.
//
// uPlot only gets positions from 0 to 1: it does not return when it counts the ticks of a range like
// 1.7e18 to 1.7e18 + 1, or of one from 1e-30 to 1 on a logarithmic axis.

export interface AxisRange {
  min: number;
  max: number;
}

/** Differences of larger numbers could overflow; they are computed at an eighth of their size. */
const LARGE = Number.MAX_VALUE / 16;
const EIGHTH = 0.125;
/** A narrower range, relative to its numbers, has no ticks that floats can tell apart. */
const LEAST_RELATIVE_WIDTH = 1e-13;
const LEAST_WIDTH = 1e-300;
const MARGIN = 0.06;

/** The position of `value` on the axis: 0 at its start, 1 at its end. */
export function positionOf(value: number, { min, max }: AxisRange): number {
  const scale = scaleOf(value, min, max);
  return (value * scale - min * scale) / (max * scale - min * scale);
}

export function valueAt(position: number, { min, max }: AxisRange): number {
  return min * (1 - position) + max * position;
}

/** The range from `min` to `max`, longer if it is shorter than `least`, or than ticks can divide. */
export function rangeFrom(min: number, max: number, least = 0): AxisRange {
  const width = Math.max(least, LEAST_WIDTH, LEAST_RELATIVE_WIDTH * largestOf(min, max));
  const start = Math.min(min, Number.MAX_VALUE - width);
  return max - min >= width ? { min, max } : { min: start, max: start + width };
}

/** The range with a margin on both sides, for a flat curve as well. */
export function paddedRange(min: number, max: number): AxisRange {
  const scale = scaleOf(min, max);
  const width = (max * scale - min * scale || largestOf(min, max) * scale || 1) * MARGIN;
  const least = Math.max(LEAST_WIDTH, LEAST_RELATIVE_WIDTH * largestOf(min, max));
  const room = Math.max(width / scale, least);
  return { min: representable(min - room), max: representable(max + room) };
}

/** Round numbers within the range, at most `most` of them, ascending. */
export function ticksOf({ min, max }: AxisRange, most: number, leastStep = 0): number[] {
  const scale = scaleOf(min, max);
  const rough = (max * scale - min * scale) / Math.max(1, most) / scale;
  const { factor, power } = roundStep(Math.max(rough, leastStep));
  const step = scaled(factor, power);
  const ticks: number[] = [];
  const first = Math.ceil(min / step);
  for (let index = 0; index <= most && first + index <= max / step; index += 1) {
    // Plus 0, because Math.ceil may be -0.
    ticks.push(scaled((first + index) * factor, power) + 0);
  }
  return ticks;
}

/** Ticks of a logarithmic axis, whose range and ticks are powers of ten. */
export function powerTicksOf(range: AxisRange, most: number): number[] {
  const isDecades = range.max - range.min >= 1.5;
  if (isDecades) {
    return ticksOf(range, most, 1);
  }
  const values = { min: 10 ** range.min, max: representable(10 ** range.max) };
  return ticksOf(values, most)
    .filter((value) => value > 0)
    .map(Math.log10);
}

/** 1, 2 or 5 times a power of ten, at least `rough`. */
function roundStep(rough: number): { factor: number; power: number } {
  const power = Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((each) => scaled(each, power) >= rough);
  return factor === undefined ? { factor: 1, power: power + 1 } : { factor, power };
}

/** `number` times 10 to the `power`; a division keeps 0.3 from becoming 0.30000000000000004. */
function scaled(number: number, power: number): number {
  return power < 0 ? number / 10 ** -power : number * 10 ** power;
}

function scaleOf(...numbers: number[]): number {
  return largestOf(...numbers) > LARGE ? EIGHTH : 1;
}

function largestOf(...numbers: number[]): number {
  return Math.max(...numbers.map(Math.abs));
}

function representable(value: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value));
}
