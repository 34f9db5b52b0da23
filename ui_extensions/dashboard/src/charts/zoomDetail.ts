// Loads the points of a zoomed range at full detail.

import type { Curves } from "../live/curves";
import type { Points, Series } from "../live/series";
import { pointsPerLine } from "./plotSource";

export interface ZoomRange {
  lines: ReadonlyArray<{ runId: string; metric: string }>;
  zoom: Zoom | null;
}

/** In steps, both ends included. */
type Zoom = readonly [number, number];

/** Zooming step by step passes through many ranges, of which only the last is loaded. */
const DELAY_MS = 150;

export class ZoomDetail {
  private requestedKey = "";
  private loaded: { key: string; series: Series[] } | null = null;
  private timer = 0;

  constructor(
    private readonly curves: Curves,
    private readonly onLoaded: () => void,
  ) {}

  /** Loads the range after a short delay, unless all of its points are known. */
  request(range: ZoomRange): void {
    const { zoom } = range;
    clearTimeout(this.timer);
    this.requestedKey = keyOf(range);
    if (!zoom) {
      this.loaded = null;
    } else if (this.loaded?.key !== this.requestedKey && this.isDownsampled(range)) {
      this.timer = window.setTimeout(() => void this.load(range, zoom), DELAY_MS);
    }
  }

  /** Null if no finer points are loaded. */
  points(): Points[] | null {
    return this.loaded?.key === this.requestedKey
      ? this.loaded.series.map((each) => each.view())
      : null;
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.requestedKey = "";
  }

  private isDownsampled({ lines }: ZoomRange): boolean {
    return lines.some(({ runId, metric }) => {
      const curve = this.curves.known(runId, metric);
      return curve !== undefined && curve.total > curve.series.length;
    });
  }

  private async load(range: ZoomRange, zoom: Zoom): Promise<void> {
    const { lines } = range;
    const key = keyOf(range);
    try {
      const series = await Promise.all(
        lines.map(({ runId, metric }) =>
          this.curves.detail(runId, metric, zoom, pointsPerLine(lines.length)),
        ),
      );
      if (key === this.requestedKey) {
        this.loaded = { key, series };
        this.onLoaded();
      }
    } catch {
      // The chart keeps showing the points that it has.
    }
  }
}

function keyOf({ lines, zoom }: ZoomRange): string {
  return [...lines.map(({ runId, metric }) => `${runId} ${metric}`), ...(zoom ?? [])].join();
}
