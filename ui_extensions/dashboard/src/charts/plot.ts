// One chart on the screen: uPlot over the curves of a run, drawn when it is due and in sight.

import uPlot from "uplot";
import type { Formats } from "../i18n/formats";
import type { Curves } from "../live/curves";
import type { Points, Series } from "../live/series";
import { type Drawable, frames } from "./frames";
import type { ChartOptions } from "./options";
import { type Column, isSame, nearest, plotted, range, steadyEnd } from "./plotted";

const SYNC_KEY = "run";
const HEIGHT_PX = 200;
const LEAST_WIDTH_PX = 120;
const LINE_PX = 1.5;
/** Browsers draw a line of one pixel many times as fast as a wider one. */
const THIN_LINE_PX = 1;
/** Points to a pixel's width from which a line is thin. */
const DENSE = 0.5;
const DETAIL_DELAY_MS = 150;

export interface PlotSettings {
  runId: string;
  metrics: readonly string[];
  options: ChartOptions;
  /** Null where the run does not say it: the axis then counts steps. */
  stepsPerEpoch: number | null;
  formats: Formats;
}

/** What the legend says: of the newest points or, where the cursor is, of those. */
export interface Reading {
  step: number | null;
  isCursor: boolean;
  values: Array<number | undefined>;
  numNotFinite: number;
}

export class Plot implements Drawable {
  private plot: uPlot | null = null;
  private isInSight = false;
  private isDue = true;
  /** Kept: to ask an element for its width makes the browser lay out the page once more. */
  private widthPx = LEAST_WIDTH_PX;
  private cursorStep: number | null = null;
  private chosenStep: number | null = null;
  private detail: { key: string; series: Series[] } | null = null;
  private detailTimer = 0;
  private readonly stopWatching: () => void;

  constructor(
    private readonly target: HTMLElement,
    private readonly curves: Curves,
    private settings: PlotSettings,
    private readonly onReading: (reading: Reading) => void,
    private readonly onZoom: (zoom: [number, number] | null) => void,
  ) {
    this.stopWatching = curves.watch(settings.runId, () => this.ask());
  }

  set(settings: PlotSettings): void {
    const before = this.settings;
    this.settings = settings;
    if (
      before.options.isLog !== settings.options.isLog ||
      before.options.smoothing > 0 !== settings.options.smoothing > 0 ||
      before.formats !== settings.formats
    ) {
      this.rebuild();
    }
    this.wantDetail();
    this.ask();
  }

  /** Colours are read anew, as when the theme has changed. */
  rebuild(): void {
    this.plot?.destroy();
    this.plot = null;
    this.ask();
  }

  setInSight(isInSight: boolean): void {
    this.isInSight = isInSight;
    if (isInSight && this.isDue) {
      this.ask();
    }
  }

  resize(): void {
    this.widthPx = Math.max(LEAST_WIDTH_PX, this.target.clientWidth);
    this.plot?.setSize({ width: this.widthPx, height: HEIGHT_PX });
    this.ask();
  }

  destroy(): void {
    frames.forget(this);
    clearTimeout(this.detailTimer);
    this.stopWatching();
    this.plot?.destroy();
  }

  /** For the keyboard: to the next or an earlier point of the first metric. */
  moveCursor(by: number): void {
    const [first] = this.points();
    if (!first || first.steps.length === 0 || !this.plot) {
      return;
    }
    const last = first.steps.length - 1;
    const at = this.cursorStep === null ? last : nearest(first, this.cursorStep) + by;
    const step = first.steps[Math.min(Math.max(at, 0), last)] as number;
    const left = this.plot.valToPos(step / this.perUnit(), "x");
    this.plot.setCursor({ left, top: this.plot.bbox.height / devicePixelRatio / 2 });
    this.chosenStep = step;
    this.cursorStep = step;
    this.read();
  }

  /** For the keyboard: a part of what is shown, around the cursor; `by` above 1 shows more. */
  zoomBy(by: number): void {
    const all = range(this.allPoints());
    const shown = this.settings.options.zoom ?? all;
    if (!all || !shown) {
      return;
    }
    const middle = this.cursorStep ?? (shown[0] + shown[1]) / 2;
    const half = ((shown[1] - shown[0]) / 2) * by;
    const zoom: [number, number] = [
      Math.max(all[0], Math.floor(middle - half)),
      Math.min(all[1], Math.ceil(middle + half)),
    ];
    this.onZoom(zoom[0] <= all[0] && zoom[1] >= all[1] ? null : zoom);
  }

  draw(): void {
    if (!this.isInSight) {
      this.isDue = true;
      return;
    }
    this.isDue = false;
    const { options } = this.settings;
    const points = this.points();
    const shown = options.zoom ?? range(points);
    this.plot ??= new uPlot(this.uplotOptions(), this.nothing(), this.target);
    const [min, max] = shown ?? [0, 1];
    const end = options.zoom ? max : steadyEnd(min, max, this.widthPx);
    const { smoothing, isLog } = options;
    const view = { min, max: end, widthPx: this.widthPx, smoothing, isLog };
    const perUnit = this.perUnit();
    const { xs, raw, smooth } = plotted(points, view, perUnit);
    this.redraw([xs, ...raw, ...smooth], min / perUnit, Math.max(end, min + 1) / perUnit);
  }

  write(): void {
    if (this.isInSight) {
      this.read();
    }
  }

  /** Only where something has changed: most new points change nothing that can be seen of a long curve. */
  private redraw(data: Array<Column | number[]>, min: number, max: number): void {
    const { plot } = this;
    if (!plot) {
      return;
    }
    const { x } = plot.scales;
    const isAxisSame = x?.min === min && x?.max === max;
    if (isAxisSame && data.every((column, index) => isSame(column, plot.data[index] ?? []))) {
      return;
    }
    this.setLineWidths(plot, data[0]?.length ?? 0);
    plot.batch(() => {
      plot.setData(data as uPlot.AlignedData, false);
      plot.setScale("x", { min, max });
    });
  }

  /** What has been smoothed has no corners, and costs little. */
  private setLineWidths(plot: uPlot, numPoints: number): void {
    const isThin = this.settings.options.smoothing > 0 || numPoints > DENSE * this.widthPx;
    for (const line of plot.series.slice(1, 1 + this.settings.metrics.length)) {
      line.width = isThin ? THIN_LINE_PX : LINE_PX;
    }
  }

  private ask(): void {
    this.isDue = true;
    if (this.isInSight) {
      frames.ask(this);
    }
  }

  private series(): Series[] {
    const { runId, metrics } = this.settings;
    return metrics.map((metric) => this.curves.curve(runId, metric).series);
  }

  private allPoints(): Points[] {
    return this.series().map((each) => each.view());
  }

  private points(): Points[] {
    if (this.detail && this.detail.key === this.detailKey()) {
      return this.detail.series.map((series) => series.view());
    }
    return this.allPoints();
  }

  private perUnit(): number {
    const { options, stepsPerEpoch } = this.settings;
    return options.axis === "epoch" && stepsPerEpoch ? stepsPerEpoch : 1;
  }

  private detailKey(): string {
    return this.settings.options.zoom?.join(":") ?? "";
  }

  /** A part of a curve that was thinned out is read again, as finely as it can be shown. */
  private wantDetail(): void {
    const { runId, metrics, options } = this.settings;
    const key = this.detailKey();
    clearTimeout(this.detailTimer);
    if (!options.zoom) {
      this.detail = null;
      return;
    }
    const [from, to] = options.zoom;
    const isThinned = metrics.some((metric) => {
      const curve = this.curves.known(runId, metric);
      return curve !== undefined && curve.total > curve.series.length;
    });
    if (!isThinned || this.detail?.key === key) {
      return;
    }
    this.detailTimer = window.setTimeout(async () => {
      try {
        const read = metrics.map((metric) => this.curves.detail(runId, metric, from, to));
        const series = await Promise.all(read);
        if (key === this.detailKey()) {
          this.detail = { key, series };
          this.ask();
        }
      } catch {
        // What is known of this part stays on the screen.
      }
    }, DETAIL_DELAY_MS);
  }

  private read(): void {
    const series = this.series();
    const points = series.map((each) => each.view());
    const step = this.cursorStep;
    const values = points.map((each) => {
      const index = step === null ? each.steps.length - 1 : nearest(each, step);
      return each.values[index];
    });
    const last = range(points)?.[1] ?? null;
    const numNotFinite = series.reduce((sum, each) => sum + each.numNotFinite, 0);
    this.onReading({ step: step ?? last, isCursor: step !== null, values, numNotFinite });
  }

  private nothing(): uPlot.AlignedData {
    const { metrics, options } = this.settings;
    const lines = metrics.length * (options.smoothing > 0 ? 2 : 1);
    return [[], ...Array.from({ length: lines }, () => [])] as unknown as uPlot.AlignedData;
  }

  private uplotOptions(): uPlot.Options {
    const { metrics, options, formats } = this.settings;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const [text, line] = [colour("--muted"), colour("--line")];
    const font = `12px ${colour("--font")}`;
    const axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const isSmooth = options.smoothing > 0;
    const lines = metrics.map((metric, index) => ({
      label: metric,
      stroke: colour(`--series-${(index % 6) + 1}`),
      // The second metric is told from the first by its dashes as well.
      dash: index % 2 === 1 ? [6, 3] : [],
      width: LINE_PX,
      points: { size: 5, space: 12 },
    }));
    const raw = lines.map((each) => (isSmooth ? { ...each, alpha: 0.3, width: 1 } : each));
    const smooth = isSmooth ? lines.map((each) => ({ ...each, points: { show: false } })) : [];
    return {
      width: this.widthPx,
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
            this.onZoom(null);
            return null;
          },
        },
      },
      hooks: {
        setCursor: [(plot) => this.cursorMoved(plot)],
        setSelect: [(plot) => this.selected(plot)],
      },
    };
  }

  private cursorMoved(plot: uPlot): void {
    // New points move what is under the cursor; a step that was chosen by keyboard stays chosen.
    if (this.chosenStep !== null && !plot.cursor.event) {
      return;
    }
    this.chosenStep = null;
    const left = plot.cursor.left ?? -1;
    this.cursorStep = left < 0 ? null : plot.posToVal(left, "x") * this.perUnit();
    this.read();
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) {
      return;
    }
    const edges = [left, left + width].map((at) => plot.posToVal(at, "x") * this.perUnit());
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.onZoom([Math.floor(edges[0] as number), Math.ceil(edges[1] as number)]);
  }
}

/** A little room above and below, also for a curve that is flat. */
function padded(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) {
    return [0, 1];
  }
  const room = (max - min || Math.abs(max) || 1) * 0.06;
  return [min - room, max + room];
}
