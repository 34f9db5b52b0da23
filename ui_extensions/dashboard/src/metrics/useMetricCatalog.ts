// The server's metric catalogue, loaded once with the page.

import { create } from "zustand";
import { isRetryable } from "../../../live/rest";
import type { MetricCatalog } from "../../../live/schemas";
import { retryDelayMs } from "../live/retryDelay";
import { rest } from "../live/session";
import { EMPTY_CATALOG } from "./metricCatalog";

interface Loaded {
  catalog: MetricCatalog;
  isLoaded: boolean;
}

export const useMetricCatalog = create<Loaded>()(() => ({
  catalog: EMPTY_CATALOG,
  isLoaded: false,
}));

/** Retries while the server cannot answer; if it refuses, every metric stays unknown. */
export async function loadMetricCatalog(): Promise<void> {
  try {
    const catalog = await rest.get<MetricCatalog>("api/metrics/catalog");
    useMetricCatalog.setState({ catalog, isLoaded: true });
  } catch (error) {
    if (isRetryable(error)) {
      setTimeout(() => void loadMetricCatalog(), retryDelayMs());
    } else {
      useMetricCatalog.setState({ isLoaded: true });
    }
  }
}
