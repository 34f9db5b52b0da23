// The newest validation of a generator, from its metrics and the document of its newest epoch.

import { useCallback, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import { useLive } from "../../live/liveStore";
import { useQuery } from "../../ui/useQuery";
import { useThrottled } from "../../ui/useThrottled";
import { readDocument } from "../artifactDocument";
import { listArtifacts } from "../artifacts";
import { quantileMetric } from "../generatorRun";
import {
  NUM_QUANTILES,
  newestTable,
  type QuantileTable,
  tableOfDocument,
  tableOfMetrics,
} from "./quantileTable";

const LEAST_INTERVAL_MS = 5_000;
const EPOCH = /^epochs\/(\d{1,9})$/;
const NAMES = Array.from({ length: NUM_QUANTILES }, (_, index) => index + 1).flatMap((number) => [
  quantileMetric(number),
  quantileMetric(number, true),
]);

export function useQuantiles(runId: string): QuantileTable | null {
  const values = useLive(
    useShallow((live) => NAMES.map((name) => live.runs[runId]?.metrics?.other[name])),
  );
  const changes = useLive((live) => (live.runs[runId]?.artifacts ?? 0) + live.gaps);
  const read = useCallback(
    async (signal: AbortSignal) => tableOfDocument(await newestEvaluation(runId, signal)),
    [runId],
  );
  const { data } = useQuery(read, useThrottled(changes, LEAST_INTERVAL_MS));
  return useMemo(() => {
    const named = Object.fromEntries(NAMES.map((name, place) => [name, values[place]]));
    return newestTable(tableOfMetrics(named), data ?? null);
  }, [values, data]);
}

async function newestEvaluation(runId: string, signal: AbortSignal): Promise<unknown> {
  const folders = await listArtifacts(runId, "epochs", signal);
  const numbered = folders.flatMap(({ path }) => {
    const number = EPOCH.exec(path)?.[1];
    return number === undefined ? [] : [{ number: Number(number), path }];
  });
  const newest = numbered.sort((a, b) => b.number - a.number)[0];
  return newest && readDocument(runId, `${newest.path}/evaluation.json`, signal);
}
