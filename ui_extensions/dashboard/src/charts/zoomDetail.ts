// A range of curves that is zoomed into: what was downsampled out of it is read again.

import type { Curves } from "../live/curves";
import type { Points, Series } from "../live/series";

export interface ZoomRange {
  runId: string;
  metrics: readonly string[];
  zoom: Zoom | null;
}

/** In steps, both ends shown. */
type Zoom = readonly [number, number];

/** Somebody who zooms by wheel or keyboard passes through many parts. */
const DELAY_MS = 150;

export class ZoomDetail {
  private requestedKey = "";
  private read: { key: string; series: Series[] } | null = null;
  private timer = 0;

  constructor(
    private readonly curves: Curves,
    private readonly onRead: () => void,
  ) {}

  /** Read it in a moment, unless all of it is known. */
  request(range: ZoomRange): void {
    const { zoom } = range;
    clearTimeout(this.timer);
    this.requestedKey = keyOf(range);
    if (!zoom) {
      this.read = null;
    } else if (this.read?.key !== this.requestedKey && this.isThinned(range)) {
      this.timer = window.setTimeout(() => void this.ask(range, zoom), DELAY_MS);
    }
  }

  /** Null where nothing finer is known. */
  points(): Points[] | null {
    return this.read?.key === this.requestedKey
      ? this.read.series.map((each) => each.view())
      : null;
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.requestedKey = "";
  }

  private isThinned({ runId, metrics }: ZoomRange): boolean {
    return metrics.some((metric) => {
      const curve = this.curves.known(runId, metric);
      return curve !== undefined && curve.total > curve.series.length;
    });
  }

  private async ask(range: ZoomRange, zoom: Zoom): Promise<void> {
    const { runId, metrics } = range;
    const key = keyOf(range);
    try {
      const series = await Promise.all(
        metrics.map((metric) => this.curves.detail(runId, metric, ...zoom)),
      );
      if (key === this.requestedKey) {
        this.read = { key, series };
        this.onRead();
      }
    } catch {
      // What is known of this range stays on the screen.
    }
  }
}

function keyOf({ metrics, zoom }: ZoomRange): string {
  return [...metrics, ...(zoom ?? [])].join();
}
