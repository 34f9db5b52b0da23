// The uPlot options of a chart: lines, axes and cursor.

import type uPlot from "uplot";
import type { Formats } from "../i18n/useFormats";
import type { ChartOptions } from "./chartOptions";

export const HEIGHT_PX = 200;
const SYNC_KEY = "run";
const LINE_PX = 1.5;
/** Browsers draw a line of one pixel many times faster than a wider one. */
const THIN_LINE_PX = 1;
/** From this number of points per pixel the line is thin. */
const DENSE = 0.5;

interface Shown {
  metrics: readonly string[];
  options: ChartOptions;
  formats: Formats;
}

interface Handlers {
  onCursor(plot: uPlot): void;
  onSelect(plot: uPlot): void;
  onDoubleClick(): void;
}

/** Reads the colours from the page's present theme. */
export function uplotOptions(
  { metrics, options, formats }: Shown,
  widthPx: number,
  handlers: Handlers,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const [text, line] = [colour("--muted"), colour("--line")];
  const font = `12px ${colour("--font")}`;
  const axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const isSmooth = options.smoothing > 0;
  const lines = metrics.map((metric, index) => ({
    label: metric,
    stroke: colour(`--series-${(index % 6) + 1}`),
    // Dashes distinguish neighbouring lines without colour.
    dash: index % 2 === 1 ? [6, 3] : [],
    width: LINE_PX,
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
      x: { time: false },
      y: options.isLog ? { distr: 3 } : { range: padded },
    },
    axes: [
      { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => formats.metric(tick)) },
      {
        ...axis,
        size: 58,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : formats.metric(tick))),
      },
    ],
    series: [{}, ...raw, ...smooth],
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      sync: {
        key: SYNC_KEY,
        scales: ["x", null],
        filters: { pub: (type) => type === "mousemove" || type === "mouseleave" },
      },
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
export function lineWidthPx(
  numPoints: number,
  widthPx: number,
  { smoothing }: ChartOptions,
): number {
  return smoothing > 0 || numPoints > DENSE * widthPx ? THIN_LINE_PX : LINE_PX;
}

/** Adds a margin above and below, for a flat curve as well. */
function padded(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) {
    return [0, 1];
  }
  const room = (max - min || Math.abs(max) || 1) * 0.06;
  return [min - room, max + room];
}
