// Draws one chart with uPlot, when its data has changed and it is visible.

import uPlot from "uplot";
import type { Formats } from "../i18n/useFormats";
import type { Curves } from "../live/curves";
import type { Points, Series } from "../live/series";
import { ZoomDetail } from "./zoomDetail";
import { type Drawable, frameScheduler } from "./frameScheduler";
import { HEIGHT_PX, lineWidthPx, uplotOptions } from "./uplotOptions";
import type { ChartOptions } from "./chartOptions";
import { type Column, isSame, nearest, PlotDataBuilder, range, steadyEnd } from "./plotData";

const LEAST_WIDTH_PX = 120;
/** Phases that differ by this share are spread evenly for any number of charts. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

let numMade = 0;

export interface PlotSettings {
  runId: string;
  metrics: readonly string[];
  options: ChartOptions;
  /** Null if unknown: the axis then counts steps. */
  stepsPerEpoch: number | null;
  formats: Formats;
}

/** The values in the legend: at the cursor, or the newest. */
export interface Reading {
  step: number | null;
  isCursor: boolean;
  values: Array<number | undefined>;
  numNotFinite: number;
  /** Whether the points logged before the page was opened are loaded, too. */
  isWhole: boolean;
}

export class Plot implements Drawable {
  private plot: uPlot | null = null;
  private isVisible = false;
  private needsDraw = true;
  /** Cached, because reading an element's width forces a layout. */
  private widthPx = LEAST_WIDTH_PX;
  private cursorStep: number | null = null;
  private chosenStep: number | null = null;
  private readonly dataBuilder = new PlotDataBuilder();
  private readonly phase = (numMade++ * GOLDEN_RATIO) % 1;
  private readonly detail: ZoomDetail;
  private readonly stopWatching: () => void;

  constructor(
    private readonly target: HTMLElement,
    private readonly curves: Curves,
    private settings: PlotSettings,
    private readonly onReading: (reading: Reading) => void,
    private readonly onZoom: (zoom: [number, number] | null) => void,
  ) {
    this.detail = new ZoomDetail(curves, () => this.scheduleDraw());
    this.stopWatching = curves.watch(settings.runId, () => this.scheduleDraw());
  }

  set(settings: PlotSettings): void {
    const before = this.settings;
    this.settings = settings;
    if (
      before.options.isLog !== settings.options.isLog ||
      before.options.smoothing > 0 !== settings.options.smoothing > 0 ||
      before.formats !== settings.formats ||
      before.metrics.join() !== settings.metrics.join()
    ) {
      this.rebuild();
    }
    const { runId, metrics, options } = settings;
    this.detail.request({ runId, metrics, zoom: options.zoom });
    this.scheduleDraw();
  }

  /** Rebuilds the plot, for instance with the colours of another theme. */
  rebuild(): void {
    this.plot?.destroy();
    this.plot = null;
    this.scheduleDraw();
  }

  setVisible(isVisible: boolean): void {
    this.isVisible = isVisible;
    if (isVisible && this.needsDraw) {
      this.scheduleDraw();
    }
  }

  resize(): void {
    this.widthPx = Math.max(LEAST_WIDTH_PX, this.target.clientWidth);
    this.plot?.setSize({ width: this.widthPx, height: HEIGHT_PX });
    this.scheduleDraw();
  }

  destroy(): void {
    frameScheduler.cancel(this);
    this.detail.cancel();
    this.stopWatching();
    this.plot?.destroy();
  }

  /** For the keyboard: moves the cursor by `by` points of the first metric. */
  moveCursor(by: number): void {
    const [first] = this.points();
    if (!first || first.steps.length === 0 || !this.plot) {
      return;
    }
    const last = first.steps.length - 1;
    const at = this.cursorStep === null ? last : nearest(first, this.cursorStep) + by;
    const step = first.steps[Math.min(Math.max(at, 0), last)] as number;
    this.placeCursor(this.plot, step);
    this.chosenStep = step;
    this.cursorStep = step;
    this.report();
  }

  /** For the keyboard: zooms around the cursor; `by` above 1 zooms out. */
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
    if (!this.isVisible) {
      this.needsDraw = true;
      return;
    }
    this.needsDraw = false;
    const { options } = this.settings;
    const points = this.points();
    const shown = options.zoom ?? range(points);
    const isNew = this.plot === null;
    this.plot ??= new uPlot(this.uplotOptions(), this.emptyData(), this.target);
    const [min, max] = shown ?? [0, 1];
    const end = options.zoom ? max : steadyEnd(min, max, this.widthPx, this.phase);
    const { smoothing, isLog } = options;
    const view = { min, max: end, widthPx: this.widthPx, smoothing, isLog };
    const perUnit = this.perUnit();
    const { xs, raw, smooth } = this.dataBuilder.build(points, view, perUnit);
    this.redraw([xs, ...raw, ...smooth], min / perUnit, Math.max(end, min + 1) / perUnit);
    if (isNew && this.chosenStep !== null) {
      this.placeCursor(this.plot, this.chosenStep);
    }
  }

  write(): void {
    if (this.isVisible) {
      this.report();
    }
  }

  /** Skips unchanged data: most new points change nothing visible in a long curve. */
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

  private placeCursor(plot: uPlot, step: number): void {
    const left = plot.valToPos(step / this.perUnit(), "x");
    plot.setCursor({ left, top: plot.bbox.height / devicePixelRatio / 2 });
  }

  private setLineWidths(plot: uPlot, numPoints: number): void {
    const { metrics, options } = this.settings;
    const width = lineWidthPx(numPoints, this.widthPx, options);
    for (const line of plot.series.slice(1, 1 + metrics.length)) {
      line.width = width;
    }
  }

  private scheduleDraw(): void {
    this.needsDraw = true;
    if (this.isVisible) {
      frameScheduler.schedule(this);
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
    return this.detail.points() ?? this.allPoints();
  }

  private perUnit(): number {
    const { options, stepsPerEpoch } = this.settings;
    return options.axis === "epoch" && stepsPerEpoch ? stepsPerEpoch : 1;
  }

  private report(): void {
    const series = this.series();
    const points = series.map((each) => each.view());
    const step = this.cursorStep;
    const values = points.map((each) => {
      const index = step === null ? each.steps.length - 1 : nearest(each, step);
      return each.values[index];
    });
    const last = range(points)?.[1] ?? null;
    const numNotFinite = series.reduce((sum, each) => sum + each.numNotFinite, 0);
    const { runId, metrics } = this.settings;
    const isWhole = metrics.every((each) => this.curves.known(runId, each)?.state === "loaded");
    this.onReading({ step: step ?? last, isCursor: step !== null, values, numNotFinite, isWhole });
  }

  private emptyData(): uPlot.AlignedData {
    const { metrics, options } = this.settings;
    const lines = metrics.length * (options.smoothing > 0 ? 2 : 1);
    return [[], ...Array.from({ length: lines }, () => [])] as unknown as uPlot.AlignedData;
  }

  private uplotOptions(): uPlot.Options {
    return uplotOptions(this.settings, this.widthPx, {
      onCursor: (plot) => this.cursorMoved(plot),
      onSelect: (plot) => this.selected(plot),
      onDoubleClick: () => this.onZoom(null),
    });
  }

  private cursorMoved(plot: uPlot): void {
    // New points shift the plot under the cursor; a step chosen by keyboard stays chosen.
    if (this.chosenStep !== null && !plot.cursor.event) {
      return;
    }
    this.chosenStep = null;
    const left = plot.cursor.left ?? -1;
    this.cursorStep = left < 0 ? null : plot.posToVal(left, "x") * this.perUnit();
    this.report();
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
