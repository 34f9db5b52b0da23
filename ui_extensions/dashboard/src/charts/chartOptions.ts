// The options of all charts: axis, scale, smoothing and zoom, the same for all so that they compare.

import { create } from "zustand";

export type Axis = "step" | "epoch";

export interface ChartOptions {
  axis: Axis;
  isLog: boolean;
  /** From 0, unsmoothed, to below 1. */
  smoothing: number;
  /** In steps; null shows everything. */
  zoom: readonly [number, number] | null;
}

const KEY = "fovea.charts";
export const DEFAULTS: ChartOptions = { axis: "step", isLog: false, smoothing: 0, zoom: null };
export const MAX_SMOOTHING = 0.98;

function stored(): ChartOptions {
  try {
    const { axis, isLog, smoothing } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<
      string,
      unknown
    >;
    return {
      axis: axis === "epoch" ? "epoch" : "step",
      isLog: isLog === true,
      smoothing: Math.min(Math.max(Number(smoothing) || 0, 0), MAX_SMOOTHING),
      zoom: null,
    };
  } catch {
    return DEFAULTS;
  }
}

export const useChartOptions = create<ChartOptions>()(stored);

/** Options are only remembered if the page still answers after the charts were drawn with them. */
const REMEMBER_AFTER_MS = 1_000;
let timer: ReturnType<typeof setTimeout> | undefined;

useChartOptions.subscribe(({ axis, isLog, smoothing }) => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    try {
      localStorage.setItem(KEY, JSON.stringify({ axis, isLog, smoothing }));
    } catch {
      // Without storage the charts start with their defaults.
    }
  }, REMEMBER_AFTER_MS);
});
