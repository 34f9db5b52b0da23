// The points that a chart draws: those of its curves, as many as it needs.

import { type Curves, LOADED_POINTS } from "../live/curves";
import type { Points, Series } from "../live/series";
import type { ChartLine } from "./lineStyle";
import { type Reading, readingOf } from "./reading";

/** Many lines are thinner: zooming in loads what is between. */
const MOST_POINTS = 40_000;
const LEAST_POINTS = 500;

/** How many points of each line are loaded for one view. */
export function pointsPerLine(numLines: number): number {
  const share = Math.floor(MOST_POINTS / Math.max(1, numLines));
  return Math.max(LEAST_POINTS, Math.min(LOADED_POINTS, share));
}

export class PlotSource {
  constructor(
    private readonly curves: Curves,
    private readonly lines: readonly ChartLine[],
  ) {}

  /** The first call starts to load the points. */
  series(): Series[] {
    const limit = pointsPerLine(this.lines.length);
    return this.lines.map(({ runId, metric }) => this.curves.curve(runId, metric, limit).series);
  }

  points(): Points[] {
    return this.series().map((each) => each.view());
  }

  reading(cursorStep: number | null): Reading {
    const known = this.lines.map(({ runId, metric }) => this.curves.known(runId, metric));
    const isWhole = known.every((curve) => curve?.state === "loaded");
    const isThinned = known.some((curve) => curve && curve.total > curve.series.length);
    return { ...readingOf(this.series(), cursorStep, isWhole), isThinned };
  }

  /** Calls `onChange` when a curve has changed; returns a function that ends this. */
  watch(onChange: () => void): () => void {
    const runIds = new Set(this.lines.map(({ runId }) => runId));
    const stops = [...runIds].map((runId) => this.curves.watch(runId, onChange));
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }
}
