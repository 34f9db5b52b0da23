import { useCallback, useEffect, useMemo, useState } from "react";
import type { LatestMetrics } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty } from "../ui/Section";
import { useQuery } from "../ui/useQuery";
import { useNow } from "../ui/useNow";
import { useThrottled } from "../ui/useThrottled";
import { MachineMeters } from "./MachineMeters";
import { MachinePart } from "./MachinePart";
import { machines, SYSTEM, type SystemValues, systemValues, updated } from "./machineReadings";
import styles from "./TrainingMachine.module.css";
import { useLastLogged } from "./useLastLogged";

const LEAST_INTERVAL_MS = 5_000;
const USUAL = "cpu_utilization_percentage";

const texts = words(
  {
    title: "Training machine",
    loading: "Loading…",
    none: "The run logs no system metrics. To log them, call this before it starts:",
  },
  {
    fr: {
      title: "Machine d’entraînement",
      loading: "Chargement…",
      none: "L’entraînement n’enregistre pas de métriques système. Pour les avoir, appelez ceci avant son début :",
    },
  },
);

interface Props {
  runId: string;
  isVisible: boolean;
}

/** The load of the run's machine, from the system metrics that the run logs. */
export function TrainingMachine({ runId, isVisible }: Props) {
  const t = useWords(texts);
  const { values, error, refetch, readMs, isOutdated, nowMs } = useTrainingMachine(
    runId,
    isVisible,
  );
  const found = useMemo(() => values && machines(values), [values]);
  return (
    <MachinePart title={t.title} readMs={readMs} nowMs={nowMs} isOutdated={isOutdated}>
      {found?.map((machine) => (
        <div key={machine.node} className={styles.node}>
          {machine.node && <h4>{machine.node}</h4>}
          <MachineMeters machine={machine} isOutdated={isOutdated} />
        </div>
      ))}
      {found?.length === 0 && (
        <Empty>
          {t.none} <code className={styles.call}>mlflow.enable_system_metrics_logging()</code>
        </Empty>
      )}
      {!found && error && <ErrorNote error={error} onRetry={refetch} />}
      {!found && !error && <Empty>{t.loading}</Empty>}
    </MachinePart>
  );
}

function useTrainingMachine(runId: string, isVisible: boolean) {
  const live = useLive((state) => state.runs[runId]?.system);
  const isConnected = useLive((state) => state.connection.state === "live");
  const nowMs = useNow(LEAST_INTERVAL_MS);
  const [times, setTimes] = useState(0);
  const [values, setValues] = useState<SystemValues>();
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.get<LatestMetrics>("api/metrics/latest", { run_id: runId }, signal),
    [runId],
  );
  const { data, error, refetch } = useQuery(read, times);

  // The newer of the loaded and the live values counts.
  useEffect(() => setValues(data && systemValues(data.other)), [data]);
  useEffect(() => {
    if (live) {
      setValues((before) => before && updated(before, live));
    }
  }, [live]);

  const timedMetric = values && (USUAL in values ? USUAL : Object.keys(values)[0]);
  const { readMs, intervalMs } = useLastLogged(
    runId,
    timedMetric === undefined ? null : SYSTEM + timedMetric,
  );
  // Live messages cover only the first GPU, so a new reading triggers a load of the rest.
  const newestMs = useThrottled(readMs ?? 0, LEAST_INTERVAL_MS);
  useEffect(() => {
    if (isVisible) {
      setTimes(newestMs);
    }
  }, [isVisible, newestMs]);

  const isOutdated = readMs !== null && (!isConnected || nowMs - readMs > 3 * intervalMs);
  return { values, error, refetch, readMs, isOutdated, nowMs };
}
