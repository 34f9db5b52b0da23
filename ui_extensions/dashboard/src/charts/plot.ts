// One chart on the screen: uPlot over the curves of a run, drawn when it is due and in sight.

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
/** However many charts there are, this share between one and the next spreads them evenly. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

let numMade = 0;

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
  /** All that the server had has been read, not only what came live. */
  isWhole: boolean;
}

export class Plot implements Drawable {
  private plot: uPlot | null = null;
  private isInSight = false;
  private isDue = true;
  /** Kept: to ask an element for its width makes the browser lay out the page once more. */
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
    this.detail = new ZoomDetail(curves, () => this.ask());
    this.stopWatching = curves.watch(settings.runId, () => this.ask());
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
    frameScheduler.cancel(this);
    this.detail.cancel();
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
    this.putCursor(this.plot, step);
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
    const isNew = this.plot === null;
    this.plot ??= new uPlot(this.uplotOptions(), this.nothing(), this.target);
    const [min, max] = shown ?? [0, 1];
    const end = options.zoom ? max : steadyEnd(min, max, this.widthPx, this.phase);
    const { smoothing, isLog } = options;
    const view = { min, max: end, widthPx: this.widthPx, smoothing, isLog };
    const perUnit = this.perUnit();
    const { xs, raw, smooth } = this.dataBuilder.build(points, view, perUnit);
    this.redraw([xs, ...raw, ...smooth], min / perUnit, Math.max(end, min + 1) / perUnit);
    if (isNew && this.chosenStep !== null) {
      this.putCursor(this.plot, this.chosenStep);
    }
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

  private putCursor(plot: uPlot, step: number): void {
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

  private ask(): void {
    this.isDue = true;
    if (this.isInSight) {
      frameScheduler.ask(this);
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
    const { runId, metrics } = this.settings;
    const isWhole = metrics.every((each) => this.curves.known(runId, each)?.state === "read");
    this.onReading({ step: step ?? last, isCursor: step !== null, values, numNotFinite, isWhole });
  }

  private nothing(): uPlot.AlignedData {
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
