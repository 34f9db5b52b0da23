// Draws one chart with uPlot, when its data has changed and it is visible.

import uPlot from "uplot";
import type { Formats } from "../i18n/useFormats";
import type { Curves } from "../live/curves";
import type { Points } from "../live/series";
import { positionOf, valueAt } from "./axisRange";
import type { ChartOptions } from "./chartOptions";
import { type CursorFollower, followCursors, publishCursor } from "./cursorSync";
import { type Drawable, frameScheduler } from "./frameScheduler";
import { isSame, nearest, PlotDataBuilder, range, steadyEnd } from "./plotData";
import { isSameAxis, NO_AXES, type ScaledPlot, scaledPlot } from "./plotScales";
import { type ChartLine, isSameLines } from "./lineStyle";
import { PlotSource } from "./plotSource";
import type { Reading } from "./reading";
import { HEIGHT_PX, setLineWidths, uplotOptions } from "./uplotOptions";
import { ZoomDetail } from "./zoomDetail";
import { type Zoom, zoomedRange } from "./zoomedRange";

const LEAST_WIDTH_PX = 120;
/** Phases that differ by this share are spread evenly for any number of charts. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** The charts in view load first. */
const PRELOAD_AFTER_MS = 1_500;
/** More lines share the steps of their points, so that the data grows with their number alone. */
const MOST_OWN_STEPS = 12;
const HIDDEN_CURSOR = { left: -10, top: -10 };

let numMade = 0;

export interface PlotSettings {
  lines: readonly ChartLine[];
  options: ChartOptions;
  /** Null if unknown: the axis then counts steps. */
  stepsPerEpoch: number | null;
  formats: Formats;
  /** Whether points are loaded before the chart is in view, so that it can be printed. */
  isPreloaded: boolean;
}

export class Plot implements Drawable, CursorFollower {
  private plot: uPlot | null = null;
  private axes = NO_AXES;
  private isVisible = false;
  private needsDraw = true;
  private hasFailed = false;
  private preloading: ReturnType<typeof setTimeout> | undefined;
  /** Cached, because reading an element's width forces a layout. */
  private widthPx = LEAST_WIDTH_PX;
  private cursorStep: number | null = null;
  private chosenStep: number | null = null;
  private readonly dataBuilder = new PlotDataBuilder();
  private readonly phase = (numMade++ * GOLDEN_RATIO) % 1;
  private readonly detail: ZoomDetail;
  private source: PlotSource;
  private stopWatching: () => void;
  private readonly stopFollowing: () => void;

  constructor(
    private readonly target: HTMLElement,
    private readonly curves: Curves,
    private settings: PlotSettings,
    private readonly onReading: (reading: Reading) => void,
    private readonly onZoom: (zoom: Zoom | null) => void,
    /** Called if the chart cannot be drawn, which must not end the others. */
    private readonly onError: (error: unknown) => void,
  ) {
    this.detail = new ZoomDetail(curves, () => this.scheduleDraw());
    this.source = new PlotSource(curves, settings.lines);
    this.stopWatching = this.source.watch(() => this.scheduleDraw());
    this.stopFollowing = followCursors(this);
  }

  set(settings: PlotSettings): void {
    const before = this.settings;
    this.settings = settings;
    if (
      before.options.isLog !== settings.options.isLog ||
      before.options.smoothing > 0 !== settings.options.smoothing > 0 ||
      before.formats !== settings.formats ||
      !isSameLines(before.lines, settings.lines)
    ) {
      this.stopWatching();
      this.source = new PlotSource(this.curves, settings.lines);
      this.stopWatching = this.source.watch(() => this.scheduleDraw());
      this.rebuild();
    }
    const { lines, options } = settings;
    this.detail.request({ lines, zoom: options.zoom });
    this.scheduleDraw();
  }

  /** Rebuilds the plot, for instance with the colours of another theme. */
  rebuild(): void {
    this.plot?.destroy();
    this.plot = null;
    this.hasFailed = false;
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
    if (this.target.clientWidth > 0 && this.settings.isPreloaded) {
      // Printing draws also what is outside the window, and cannot wait for its points.
      this.preloading ??= setTimeout(() => this.source.series(), PRELOAD_AFTER_MS);
    }
    this.plot?.setSize({ width: this.widthPx, height: HEIGHT_PX });
    this.scheduleDraw();
  }

  destroy(): void {
    frameScheduler.cancel(this);
    this.detail.cancel();
    clearTimeout(this.preloading);
    this.stopWatching();
    this.stopFollowing();
    this.plot?.destroy();
  }

  /** For the keyboard: moves the cursor by `by` points of the first line. */
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
    publishCursor(this, step);
  }

  followCursor(step: number | null): void {
    if (this.plot && this.isVisible) {
      this.placeCursor(this.plot, step);
      [this.chosenStep, this.cursorStep] = [null, step];
      this.report();
    }
  }

  /** For the keyboard: zooms around the cursor; `by` above 1 zooms out. */
  zoomBy(by: number): void {
    const all = range(this.source.points());
    const shown = this.settings.options.zoom ?? all;
    if (!all || !shown) {
      return;
    }
    const middle = this.cursorStep ?? (shown[0] + shown[1]) / 2;
    this.onZoom(zoomedRange(all, shown, middle, by));
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
    const isShared = points.length > MOST_OWN_STEPS;
    const view = { min, max: end, widthPx: this.widthPx, smoothing, isLog, isShared };
    const format = (value: number): string => this.settings.formats.metric(value);
    const scaling = { perUnit: this.perUnit(), heightPx: HEIGHT_PX, format };
    this.redraw(this.plot, scaledPlot(this.dataBuilder.build(points, view), view, scaling));
    if (isNew && this.chosenStep !== null) {
      this.placeCursor(this.plot, this.chosenStep);
    }
  }

  /** An error ends this chart alone, until it is built again. */
  fail(error: unknown): void {
    this.hasFailed = true;
    this.plot?.destroy();
    this.plot = null;
    this.onError(error);
  }

  write(): void {
    if (this.isVisible) {
      this.report();
    }
  }

  /** For printing: draws at once, in the present colours, also outside the window. */
  drawNow(): void {
    this.rebuild();
    const wasVisible = this.isVisible;
    this.isVisible = this.target.clientWidth > 0;
    frameScheduler.drawNow(this);
    this.isVisible = wasVisible;
  }

  /** Skips unchanged data: most new points change nothing visible in a long curve. */
  private redraw(plot: uPlot, { steps, lines, x, y }: ScaledPlot): void {
    const data = [steps, ...lines];
    const isSameAxes = isSameAxis(x, this.axes.x) && isSameAxis(y, this.axes.y);
    this.axes = { x, y };
    if (isSameAxes && data.every((column, index) => isSame(column, plot.data[index] ?? []))) {
      return;
    }
    setLineWidths(plot, this.settings, steps.length, this.widthPx);
    plot.batch(() => {
      plot.setData(data as uPlot.AlignedData, false);
      plot.setScale("x", { min: 0, max: 1 });
      // The scales never change, so that uPlot does not ask for ticks by itself.
      plot.redraw(false, !isSameAxes);
    });
  }

  /** Null, or a step outside the axis, hides the cursor. */
  private placeCursor(plot: uPlot, step: number | null): void {
    const position = step === null ? -1 : positionOf(step, this.axes.x.range);
    // The last movement of the mouse is over: it does not decide where the cursor is.
    delete plot.cursor.event;
    const isOnAxis = position >= 0 && position <= 1;
    const top = plot.bbox.height / devicePixelRatio / 2;
    plot.setCursor(isOnAxis ? { left: plot.valToPos(position, "x"), top } : HIDDEN_CURSOR, false);
  }

  private scheduleDraw(): void {
    this.needsDraw = true;
    if (this.isVisible && !this.hasFailed) {
      frameScheduler.schedule(this);
    }
  }

  private points(): Points[] {
    return this.detail.points() ?? this.source.points();
  }

  private perUnit(): number {
    const { options, stepsPerEpoch } = this.settings;
    const isKnown = stepsPerEpoch !== null && Number.isFinite(stepsPerEpoch) && stepsPerEpoch >= 1;
    return options.axis === "epoch" && isKnown ? stepsPerEpoch : 1;
  }

  private report(): void {
    this.onReading(this.source.reading(this.cursorStep));
  }

  private emptyData(): uPlot.AlignedData {
    const { lines, options } = this.settings;
    const length = lines.length * (options.smoothing > 0 ? 2 : 1);
    return [[], ...Array.from({ length }, () => [])] as unknown as uPlot.AlignedData;
  }

  private uplotOptions(): uPlot.Options {
    return uplotOptions(this.settings, () => this.axes, this.widthPx, {
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
    this.cursorStep = left < 0 ? null : this.stepAt(plot, left);
    this.report();
    if (plot.cursor.event) {
      publishCursor(this, this.cursorStep);
    }
  }

  private stepAt(plot: uPlot, leftPx: number): number {
    return valueAt(plot.posToVal(leftPx, "x"), this.axes.x.range);
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) {
      return;
    }
    const edges = [left, left + width].map((at) => this.stepAt(plot, at));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.onZoom([Math.floor(edges[0] as number), Math.ceil(edges[1] as number)]);
  }
}
