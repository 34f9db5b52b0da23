// The options of the charts in the address of the page.

import { useEffect } from "react";
import { changeInQuery, currentQuery } from "../ui/hashLocation";
import { type ChartOptions, DEFAULTS, MAX_SMOOTHING, useChartOptions } from "./chartOptions";

const WRITE_AFTER_MS = 300;

/** The options that an address names; the others are those that this browser remembers. */
export function optionsIn(query: URLSearchParams): Partial<ChartOptions> {
  const smoothing = Number(query.get("smoothing") ?? Number.NaN);
  const axis = query.get("axis");
  const log = query.get("log");
  const zoom = zoomIn(query.get("steps"));
  return {
    ...(axis === "step" || axis === "epoch" ? { axis } : {}),
    ...(log === "yes" || log === "no" ? { isLog: log === "yes" } : {}),
    ...(smoothing >= 0 ? { smoothing: Math.min(smoothing, MAX_SMOOTHING) } : {}),
    ...(zoom ? { zoom } : {}),
  };
}

/** What of the options an address must say; null for what it need not. */
export function addressOf({
  axis,
  isLog,
  smoothing,
  zoom,
}: ChartOptions): Record<string, string | null> {
  return {
    axis: axis === DEFAULTS.axis ? null : axis,
    log: isLog === DEFAULTS.isLog ? null : "yes",
    smoothing: smoothing === DEFAULTS.smoothing ? null : String(smoothing),
    steps: zoom && zoom.join("~"),
  };
}

function zoomIn(text: string | null): [number, number] | null {
  const [from, to, ...others] = (text ?? "").split("~").map((each) => Number(each || Number.NaN));
  const isRange = from !== undefined && to !== undefined && others.length === 0 && from < to;
  return isRange && Number.isFinite(from) && Number.isFinite(to) ? [from, to] : null;
}

/** Takes the options from the address, and then keeps them there. */
export function useChartAddress(): void {
  useEffect(() => {
    useChartOptions.setState({ zoom: null, ...optionsIn(new URLSearchParams(currentQuery())) });
    changeInQuery(addressOf(useChartOptions.getState()));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = useChartOptions.subscribe((options) => {
      clearTimeout(timer);
      timer = setTimeout(() => changeInQuery(addressOf(options)), WRITE_AFTER_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
      // The zoom range of one run does not apply to another.
      useChartOptions.setState({ zoom: null });
    };
  }, []);
}
