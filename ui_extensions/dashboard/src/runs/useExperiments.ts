// The experiments of MLflow, for the filter.

import { useCallback } from "react";
import { useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { useQuery } from "../ui/useQuery";

export interface Experiment {
  experiment_id: string;
  name: string;
}

const MOST = 1_000;
const NONE: readonly Experiment[] = [];

export function useExperiments(): readonly Experiment[] {
  const gaps = useLive((live) => live.gaps);
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.get<{ experiments?: Experiment[] }>(
        "ajax-api/2.0/mlflow/experiments/search",
        { max_results: MOST },
        signal,
      ),
    [],
  );
  return useQuery(read, gaps).data?.experiments ?? NONE;
}
