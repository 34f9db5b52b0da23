// The uPlot options of a chart: lines, axes and cursor.

import type uPlot from "uplot";
import type { ChartOptions } from "./chartOptions";
import { type ChartLine, DASHES } from "./lineStyle";
import type { Axes } from "./plotScales";

export const HEIGHT_PX = 200;
const LINE_PX = 1.5;
const BOLD_PX = 3;
/** Browsers draw a line of one pixel many times faster than a wider one. */
const THIN_LINE_PX = 1;
/** From this number of points per pixel the line is thin. */
const DENSE = 0.5;

interface Shown {
  lines: readonly ChartLine[];
  options: ChartOptions;
}

interface Handlers {
  onCursor(plot: uPlot): void;
  onSelect(plot: uPlot): void;
  onDoubleClick(): void;
}

/** Data and axes are in positions from 0 to 1. Reads the colours from the page's present theme. */
export function uplotOptions(
  { lines: chartLines, options }: Shown,
  axes: () => Axes,
  widthPx: number,
  handlers: Handlers,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const [text, line] = [colour("--muted"), colour("--line")];
  const font = `12px ${colour("--font")}`;
  const axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const isSmooth = options.smoothing > 0;
  const lines = chartLines.map(({ label, series, dash, isBold }) => ({
    label,
    stroke: colour(`--series-${series}`),
    // Dashes distinguish lines without colour.
    dash: [...DASHES[dash]],
    width: isBold ? BOLD_PX : LINE_PX,
    points: { size: 5, space: 12 },
  }));
  const raw = lines.map((each) => (isSmooth ? { ...each, alpha: 0.3, width: 1 } : each));
  const smooth = isSmooth ? lines.map((each) => ({ ...each, points: { show: false } })) : [];
  return {
    width: widthPx,
    height: HEIGHT_PX,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: [0, 1] },
      y: { range: [0, 1] },
    },
    axes: [
      { ...axis, size: 28, splits: () => axes().x.ticks, values: () => axes().x.labels },
      { ...axis, size: 66, splits: () => axes().y.ticks, values: () => axes().y.labels },
    ],
    series: [{}, ...raw, ...smooth],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      bind: {
        dblclick: () => () => {
          handlers.onDoubleClick();
          return null;
        },
      },
    },
    hooks: {
      setCursor: [(plot) => handlers.onCursor(plot)],
      setSelect: [(plot) => handlers.onSelect(plot)],
    },
  };
}

/** A smoothed or dense curve gets a thin line, which is cheaper to draw. */
export function setLineWidths(
  plot: uPlot,
  { lines: chartLines, options }: Shown,
  numPoints: number,
  widthPx: number,
): void {
  const isThin = options.smoothing > 0 || numPoints > DENSE * widthPx;
  chartLines.forEach(({ isBold }, index) => {
    const line = plot.series[1 + index];
    if (line && !isBold) {
      line.width = isThin ? THIN_LINE_PX : LINE_PX;
    }
  });
}
