// How all charts of a run are drawn: one choice for all, so that they can be compared.

import { create } from "zustand";

export type Axis = "step" | "epoch";

export interface ChartOptions {
  axis: Axis;
  isLog: boolean;
  /** From 0, as measured, to below 1. */
  smoothing: number;
  /** In steps; null shows everything. */
  zoom: readonly [number, number] | null;
}

const KEY = "fovea.charts";
const DEFAULTS: ChartOptions = { axis: "step", isLog: false, smoothing: 0, zoom: null };
export const STRONGEST_SMOOTHING = 0.98;

function stored(): ChartOptions {
  try {
    const { axis, isLog, smoothing } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<
      string,
      unknown
    >;
    return {
      axis: axis === "epoch" ? "epoch" : "step",
      isLog: isLog === true,
      smoothing: Math.min(Math.max(Number(smoothing) || 0, 0), STRONGEST_SMOOTHING),
      zoom: null,
    };
  } catch {
    return DEFAULTS;
  }
}

export const useChartOptions = create<ChartOptions>()(stored);

useChartOptions.subscribe(({ axis, isLog, smoothing }) => {
  localStorage.setItem(KEY, JSON.stringify({ axis, isLog, smoothing }));
});
