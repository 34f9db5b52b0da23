// A part of curves that is zoomed into: what was thinned out of it is read again.

import type { Curves } from "../live/curves";
import type { Points, Series } from "../live/series";

export interface Part {
  runId: string;
  metrics: readonly string[];
  zoom: Zoom | null;
}

/** In steps, both ends shown. */
type Zoom = readonly [number, number];

/** Somebody who zooms by wheel or keyboard passes through many parts. */
const DELAY_MS = 150;

export class Detail {
  private wanted = "";
  private read: { key: string; series: Series[] } | null = null;
  private timer = 0;

  constructor(
    private readonly curves: Curves,
    private readonly onRead: () => void,
  ) {}

  /** Read it in a moment, unless all of it is known. */
  want(part: Part): void {
    const { zoom } = part;
    clearTimeout(this.timer);
    this.wanted = keyOf(part);
    if (!zoom) {
      this.read = null;
    } else if (this.read?.key !== this.wanted && this.isThinned(part)) {
      this.timer = window.setTimeout(() => void this.ask(part, zoom), DELAY_MS);
    }
  }

  /** Null where nothing finer is known. */
  points(): Points[] | null {
    return this.read?.key === this.wanted ? this.read.series.map((each) => each.view()) : null;
  }

  forget(): void {
    clearTimeout(this.timer);
    this.wanted = "";
  }

  private isThinned({ runId, metrics }: Part): boolean {
    return metrics.some((metric) => {
      const curve = this.curves.known(runId, metric);
      return curve !== undefined && curve.total > curve.series.length;
    });
  }

  private async ask(part: Part, zoom: Zoom): Promise<void> {
    const { runId, metrics } = part;
    const key = keyOf(part);
    try {
      const series = await Promise.all(
        metrics.map((metric) => this.curves.detail(runId, metric, ...zoom)),
      );
      if (key === this.wanted) {
        this.read = { key, series };
        this.onRead();
      }
    } catch {
      // What is known of this part stays on the screen.
    }
  }
}

function keyOf({ metrics, zoom }: Part): string {
  return [...metrics, ...(zoom ?? [])].join();
}
