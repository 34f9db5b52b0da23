// The data of a chart as positions from 0 to 1, and the ticks of its axes.

import type { View } from "./downsampler";
import {
  type AxisRange,
  paddedRange,
  positionOf,
  powerTicksOf,
  rangeFrom,
  ticksOf,
} from "./axisRange";
import { type Column, isSame, type PlotData } from "./plotData";
import { tickLabels } from "./tickLabels";

export interface Axis {
  /** In steps on the horizontal axis; powers of ten on a logarithmic vertical one. */
  range: AxisRange;
  ticks: number[];
  labels: string[];
}

const NO_AXIS: Axis = { range: rangeFrom(0, 1), ticks: [], labels: [] };
/** Those of a plot that is not drawn yet. */
export const NO_AXES: Axes = { x: NO_AXIS, y: NO_AXIS };

export function isSameAxis(a: Axis, b: Axis): boolean {
  return isSame(a.ticks, b.ticks) && a.labels.join() === b.labels.join();
}

export interface Axes {
  x: Axis;
  y: Axis;
}

export interface ScaledPlot extends Axes {
  steps: number[];
  /** All lines: the unsmoothed ones, then the smoothed. */
  lines: Column[];
}

interface Scaling {
  /** Steps per unit of the horizontal axis: those of an epoch if it counts epochs, else 1. */
  perUnit: number;
  heightPx: number;
  format: (value: number) => string;
}

const TICK_WIDTH_PX = 64;
const TICK_HEIGHT_PX = 34;
/** In heights of the chart: a line to there looks upright. */
const FARTHEST = 1_000;

export function scaledPlot(data: PlotData, view: View, scaling: Scaling): ScaledPlot {
  const columns = [...data.raw, ...data.smooth];
  const x = stepAxis(view, scaling);
  const y = valueAxis(visibleRange(data.steps, columns, view), view.isLog, scaling);
  return {
    steps: data.steps.map((step) => positionOf(step, x.range)),
    lines: columns.map((column) => column.map((value) => positionIn(value, y.range))),
    x,
    y,
  };
}

function stepAxis({ min, max, widthPx }: View, { perUnit, format }: Scaling): Axis {
  const range = rangeFrom(min, max, 1);
  const units = { min: range.min / perUnit, max: range.max / perUnit };
  const ticks = ticksOf(units, Math.floor(widthPx / TICK_WIDTH_PX));
  return {
    range,
    ticks: ticks.map((tick) => positionOf(tick, units)),
    labels: tickLabels(ticks, format),
  };
}

function valueAxis(range: AxisRange, isLog: boolean, { heightPx, format }: Scaling): Axis {
  const most = Math.floor(heightPx / TICK_HEIGHT_PX);
  const ticks = isLog ? powerTicksOf(range, most) : ticksOf(range, most);
  const values = isLog ? ticks.map((power) => 10 ** power) : ticks;
  return {
    range,
    ticks: ticks.map((tick) => positionOf(tick, range)),
    labels: tickLabels(values, format),
  };
}

/** The range of all lines in the view, which they may enter and leave between two points. */
function visibleRange(
  steps: readonly number[],
  columns: readonly Column[],
  { min, max }: View,
): AxisRange {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const include = (value: number): void => {
    least = Math.min(least, value);
    most = Math.max(most, value);
  };
  for (const column of columns) {
    let before: Point | null = null;
    column.forEach((value, index) => {
      const step = steps[index] as number;
      if (value === undefined) {
        return;
      }
      const here: Point | null = value === null ? null : { step, value };
      if (here && step >= min && step <= max) {
        include(here.value);
      }
      if (before && here) {
        for (const edge of [min, max]) {
          if (before.step < edge && edge < step) {
            include(between(before, here, edge));
          }
        }
      }
      before = here;
    });
  }
  return least <= most ? paddedRange(least, most) : { min: 0, max: 1 };
}

interface Point {
  step: number;
  value: number;
}

/** The value of a line at `step`. */
function between(from: Point, to: Point, step: number): number {
  const share = (step - from.step) / (to.step - from.step);
  return from.value * (1 - share) + to.value * share;
}

/** A gap stays a gap; a point outside the view is at most FARTHEST away. */
function positionIn(value: Column[number], range: AxisRange): Column[number] {
  if (value === null || value === undefined) {
    return value;
  }
  return Math.min(FARTHEST, Math.max(-FARTHEST, positionOf(value, range)));
}
