import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { useFormats } from "../../i18n/useFormats";
import { useTheme } from "../../ui/theme";
import { rising } from "./risingPoints";
import styles from "./UnitPlot.module.css";

export interface PlotLine {
  points: ReadonlyArray<{ x: number; y: number; interval?: readonly [number, number] | null }>;
  /** A line through points with marks, for few points. */
  hasMarks?: boolean;
}

interface Props {
  /** For screen readers: what the plot shows, with its main figures. */
  label: string;
  xLabel: string;
  yLabel: string;
  lines: readonly PlotLine[];
  /** Whether a dashed line shows where `x` equals `y`. */
  hasDiagonal?: boolean;
  /** Of both axes; from 0 to 1 by default. */
  range?: readonly [number, number];
  /** Of the y axis, where it has another one. */
  yRange?: readonly [number, number];
}

const HEIGHT_PX = 280;
const UNIT: readonly [number, number] = [0, 1];

/** Draws curves whose axes have a fixed range, such as those of ROC. */
export function UnitPlot({
  label,
  xLabel,
  yLabel,
  lines,
  hasDiagonal = false,
  range = UNIT,
  yRange = range,
}: Props) {
  const target = useRef<HTMLDivElement>(null);
  const isDark = useTheme((appearance) => appearance.isDark);
  const { metric } = useFormats();
  const [low, high] = range;
  const [yLow, yHigh] = yRange;

  useEffect(() => {
    const element = target.current;
    if (!element) {
      return undefined;
    }
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--muted"),
      font: `12px ${colour("--font")}`,
      labelFont: `12px ${colour("--font")}`,
      labelSize: 20,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      values: (_: uPlot, ticks: number[]) => ticks.map((tick) => metric(tick)),
    };
    const series: uPlot.Series[] = lines.map(({ points, hasMarks }, index) => ({
      stroke: colour(`--series-${(index % 6) + 1}`),
      dash: index % 2 === 1 ? [6, 3] : [],
      width: 2,
      points: { show: hasMarks === true, size: 8, fill: colour(`--series-${(index % 6) + 1}`) },
      ...(points.some(({ interval }) => interval) ? { paths: withIntervals(points) } : {}),
    }));
    const data: [number[], number[]][] = lines.map(({ points }) => rising(points));
    if (hasDiagonal) {
      series.push({ stroke: colour("--muted"), dash: [3, 4], width: 1, points: { show: false } });
      data.push([
        [low, high],
        [low, high],
      ]);
    }
    const options: uPlot.Options = {
      width: Math.max(160, element.clientWidth),
      height: HEIGHT_PX,
      padding: [10, 16, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [low, high] }, y: { range: [yLow, yHigh] } },
      axes: [
        { ...axis, label: xLabel, size: 28 },
        { ...axis, label: yLabel, size: 52 },
      ],
      series: [{}, ...series],
    };
    const plot = new uPlot(options, uPlot.join(data), element);
    const size = new ResizeObserver(() => {
      plot.setSize({ width: Math.max(160, element.clientWidth), height: HEIGHT_PX });
    });
    size.observe(element);
    return () => {
      size.disconnect();
      plot.destroy();
    };
  }, [lines, hasDiagonal, low, high, yLow, yHigh, xLabel, yLabel, metric, isDark]);

  return <div ref={target} className={styles.plot} role="img" aria-label={label} />;
}

/** The line, and the interval of each point as an upright line. */
function withIntervals(points: PlotLine["points"]): uPlot.Series.PathBuilder {
  const linear = uPlot.paths.linear?.();
  return (plot, seriesIndex, from, to) => {
    const paths = linear?.(plot, seriesIndex, from, to) ?? null;
    const stroke = paths?.stroke;
    if (stroke instanceof Path2D) {
      for (const { x, interval } of points) {
        if (interval) {
          const at = plot.valToPos(x, "x", true);
          stroke.moveTo(at, plot.valToPos(interval[0], "y", true));
          stroke.lineTo(at, plot.valToPos(interval[1], "y", true));
        }
      }
    }
    return paths;
  };
}
