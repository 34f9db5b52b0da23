// Draws the sky into an element: only when something has changed, and with another view if WebGL is lost.

import {
  type Camera,
  closeUp,
  moved,
  onFlight,
  overview,
  project,
  type Size,
  zoomed,
} from "./camera";
import { FlatView } from "./flatView";
import { Labels } from "./labels";
import type { Sky, Star } from "./layout";
import { pick, type Picked } from "./picking";
import type { View, ViewKind } from "./view";

const FLIGHT_MS = 900;
/** The glow of stages that run needs no more frames than that. */
const GLOW_FRAME_MS = 100;
const GLOW_PERIOD_MS = 2_400;
const STEADY_GLOW = 0.8;
const MOST_PIXELS = 2;

export interface StageOptions {
  labels: Labels;
  mark: HTMLElement;
  onView(kind: ViewKind): void;
}

interface Flight {
  from: Camera;
  to: Camera;
  startMs: number;
}

export class SkyStage {
  private view: View | undefined;
  private whileLost: FlatView | undefined;
  private sky: Sky = { stars: [], byId: new Map(), extent: 0 };
  private size: Size = { width: 1, height: 1 };
  private camera: Camera | undefined;
  private flight: Flight | undefined;
  private frame = 0;
  private timer = 0;
  private selectedId: string | null = null;
  private chosen: readonly string[] = [];
  private marked: { x: number; z: number; radius: number } | undefined;
  private isStill = false;
  private isClosed = false;
  private readonly resize = new ResizeObserver(() => this.measure());

  constructor(
    private readonly host: HTMLElement,
    private readonly options: StageOptions,
  ) {
    host.append(options.labels.element);
    this.resize.observe(host);
    document.addEventListener("visibilitychange", this.request);
    void this.open();
  }

  close(): void {
    this.isClosed = true;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.resize.disconnect();
    document.removeEventListener("visibilitychange", this.request);
    this.options.labels.element.remove();
    this.whileLost?.dispose();
    this.view?.dispose();
  }

  show(sky: Sky): void {
    const isFirst = this.camera === undefined || this.sky.stars.length === 0;
    this.sky = sky;
    this.view?.show(sky);
    this.whileLost?.show(sky);
    if (isFirst && this.flight === undefined && this.selectedId === null) {
      this.camera = overview(sky.extent, this.size);
    }
    this.request();
  }

  /** Without motion, flights are jumps and nothing pulses. */
  setStill(isStill: boolean): void {
    this.isStill = isStill;
    this.request();
  }

  /** The stars that are named in any case, and the body that has a mark around it. */
  choose(
    selectedId: string | null,
    chosen: readonly string[],
    marked: { x: number; z: number; radius: number } | undefined,
  ): void {
    this.selectedId = selectedId;
    this.chosen = chosen;
    this.marked = marked;
    this.request();
  }

  flyTo(place: { x: number; z: number }): void {
    this.flyToCamera(closeUp(place));
  }

  flyHome(): void {
    this.flyToCamera(overview(this.sky.extent, this.size));
  }

  zoom(factor: number): void {
    this.flight = undefined;
    this.camera = zoomed(this.camera ?? overview(this.sky.extent, this.size), factor);
    this.request();
  }

  move(right: number, down: number): void {
    this.flight = undefined;
    const camera = this.camera ?? overview(this.sky.extent, this.size);
    this.camera = moved(camera, this.size, { right, down }, this.sky.extent);
    this.request();
  }

  pick(left: number, top: number): Picked | undefined {
    return this.camera && pick(this.sky, { camera: this.camera, size: this.size }, left, top);
  }

  private flyToCamera(to: Camera): void {
    const from = this.camera;
    if (this.isStill || !from) {
      this.camera = to;
      this.flight = undefined;
    } else {
      this.flight = { from, to, startMs: performance.now() };
    }
    this.request();
  }

  /** Opens the view with WebGL if the browser has it; three.js is not loaded without. */
  private async open(): Promise<void> {
    const view = (await openWebgl()) ?? new FlatView();
    if (this.isClosed) {
      view.dispose();
      return;
    }
    this.view = view;
    if (view.kind === "webgl") {
      view.canvas.addEventListener("webglcontextlost", this.onLost);
      view.canvas.addEventListener("webglcontextrestored", this.onRestored);
    }
    this.use(view);
  }

  private use(view: View): void {
    this.host.prepend(view.canvas);
    view.show(this.sky);
    this.options.onView(view.kind);
    this.measure();
  }

  private readonly onLost = () => {
    if (!this.isClosed && !this.whileLost) {
      this.view?.canvas.remove();
      this.whileLost = new FlatView();
      this.use(this.whileLost);
    }
  };

  private readonly onRestored = () => {
    if (!this.isClosed && this.view) {
      this.whileLost?.dispose();
      this.whileLost = undefined;
      this.use(this.view);
    }
  };

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    const isNew = width !== this.size.width || height !== this.size.height;
    const wasUnknown = this.size.width <= 1;
    this.size = { width, height };
    if (isNew && wasUnknown && this.selectedId === null) {
      this.camera = overview(this.sky.extent, this.size);
    }
    this.request();
  }

  private readonly request = (): void => {
    clearTimeout(this.timer);
    if (this.frame === 0 && !this.isClosed && !document.hidden) {
      this.frame = requestAnimationFrame(this.draw);
    }
  };

  private readonly draw = (nowMs: number): void => {
    this.frame = 0;
    const view = this.whileLost ?? this.view;
    if (!view || this.size.width === 0 || this.size.height === 0) {
      return;
    }
    const camera = this.cameraAt(nowMs);
    const { size, sky } = this;
    const pulses = !this.isStill && sky.stars.some(({ stage }) => stage >= 0);
    view.draw({
      camera,
      size,
      ratio: Math.min(MOST_PIXELS, window.devicePixelRatio),
      glow: pulses ? 0.5 + 0.5 * Math.cos((nowMs / GLOW_PERIOD_MS) * 2 * Math.PI) : STEADY_GLOW,
      selected: this.selected,
    });
    this.options.labels.draw(sky, camera, size, this.chosen);
    this.drawMark(camera);
    if (this.flight) {
      this.request();
    } else if (pulses) {
      this.timer = window.setTimeout(this.request, GLOW_FRAME_MS);
    }
  };

  private get selected(): Star | undefined {
    return this.selectedId === null ? undefined : this.sky.byId.get(this.selectedId);
  }

  private cameraAt(nowMs: number): Camera {
    if (this.flight) {
      const share = (nowMs - this.flight.startMs) / FLIGHT_MS;
      this.camera = onFlight(this.flight.from, this.flight.to, share);
      if (share >= 1) {
        this.flight = undefined;
      }
    }
    this.camera ??= overview(this.sky.extent, this.size);
    return this.camera;
  }

  private drawMark(camera: Camera): void {
    const { mark } = this.options;
    const at = this.marked && project(camera, this.size, this.marked.x, this.marked.z);
    mark.hidden = !at;
    if (at && this.marked) {
      const diameter = 2 * Math.max(9, this.marked.radius * at.scale + 5);
      mark.style.width = `${diameter}px`;
      mark.style.height = `${diameter}px`;
      mark.style.transform = `translate(${at.left - diameter / 2}px, ${at.top - diameter / 2}px)`;
    }
  }
}

async function openWebgl(): Promise<View | undefined> {
  // A canvas whose context is WebGL's cannot become a flat one, so the question has its own canvas.
  const asked = document.createElement("canvas").getContext("webgl2");
  if (!asked) {
    return undefined;
  }
  asked.getExtension("WEBGL_lose_context")?.loseContext();
  try {
    const { WebglView } = await import("./webglView");
    return new WebglView();
  } catch {
    return undefined;
  }
}
