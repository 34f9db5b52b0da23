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
    title: "Machine that trains",
    reading: "Reading…",
    none: "The run logs no system metrics. To have them, say this before it starts:",
  },
  {
    fr: {
      title: "Machine qui entraîne",
      reading: "Lecture…",
      none: "L’entraînement n’enregistre pas de métriques système. Pour les avoir, appelez ceci avant son début :",
    },
  },
);

interface Props {
  runId: string;
  isVisible: boolean;
}

/** How busy the machine is that the run is on, by what the run logs of it. */
export function TrainingMachine({ runId, isVisible }: Props) {
  const t = useWords(texts);
  const { values, error, refetch, readMs, isOld, nowMs } = useTrainingMachine(runId, isVisible);
  const found = useMemo(() => values && machines(values), [values]);
  return (
    <MachinePart title={t.title} readMs={readMs} nowMs={nowMs} isOld={isOld}>
      {found?.map((machine) => (
        <div key={machine.node} className={styles.node}>
          {machine.node && <h4>{machine.node}</h4>}
          <MachineMeters machine={machine} isOld={isOld} />
        </div>
      ))}
      {found?.length === 0 && (
        <Empty>
          {t.none} <code className={styles.call}>mlflow.enable_system_metrics_logging()</code>
        </Empty>
      )}
      {!found && error && <ErrorNote error={error} onRetry={refetch} />}
      {!found && !error && <Empty>{t.reading}</Empty>}
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

  // Whichever came last counts.
  useEffect(() => setValues(data && systemValues(data.other)), [data]);
  useEffect(() => {
    if (live) {
      setValues((before) => before && updated(before, live));
    }
  }, [live]);

  const dated = values && (USUAL in values ? USUAL : Object.keys(values)[0]);
  const { readMs, intervalMs } = useLastLogged(runId, dated === undefined ? null : SYSTEM + dated);
  // What comes live is of the first GPU alone, and a new reading is the time to ask for the rest.
  const newestMs = useThrottled(readMs ?? 0, LEAST_INTERVAL_MS);
  useEffect(() => {
    if (isVisible) {
      setTimes(newestMs);
    }
  }, [isVisible, newestMs]);

  const isOld = readMs !== null && (!isConnected || nowMs - readMs > 3 * intervalMs);
  return { values, error, refetch, readMs, isOld, nowMs };
}
