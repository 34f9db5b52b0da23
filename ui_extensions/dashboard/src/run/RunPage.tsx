import { useEffect, useMemo } from "react";
import { Link } from "wouter";
import { openOf } from "../alerts/alertOrder";
import { RunAlerts } from "../alerts/RunAlerts";
import { Charts } from "../charts/Charts";
import { useChartOptions } from "../charts/chartOptions";
import { useWords, words } from "../i18n/words";
import { mlflowRunUrl } from "../live/mlflowLinks";
import { useLive } from "../live/liveStore";
import { ErrorNote } from "../ui/ErrorNote";
import { useHashQuery } from "../ui/hashLocation";
import { Empty } from "../ui/Section";
import { StatusBadge } from "../ui/StatusBadge";
import { CommandHistory } from "./CommandHistory";
import { Conditions } from "./Conditions";
import { Controls } from "./Controls";
import { Evaluation } from "./evaluation/Evaluation";
import { Health } from "./Health";
import { LogTail } from "./LogTail";
import { Machine } from "./Machine";
import { MetricCards } from "./MetricCards";
import { Progress } from "../ui/Progress";
import { Reports } from "./reports/Reports";
import styles from "./RunPage.module.css";
import { SampleImages } from "./SampleImages";
import { useRun } from "./useRun";

const texts = words(
  {
    mlflow: "Open in MLflow",
    missing: "There is no such run, or it belongs to another workspace.",
    all: "All runs",
    loading: "Loading the run…",
    unnamed: "Unnamed run",
  },
  {
    fr: {
      mlflow: "Ouvrir dans MLflow",
      missing: "Cet entraînement n’existe pas, ou appartient à un autre espace de travail.",
      all: "Tous les entraînements",
      loading: "Chargement de l’entraînement…",
      unnamed: "Entraînement sans nom",
    },
  },
);

export function RunPage({ runId }: { runId: string }) {
  const t = useWords(texts);
  const { status, names, error, refetch } = useRun(runId);
  const isStale = useLive(
    (live) => live.connection.state === "lost" || live.connection.state === "refused",
  );
  const alerts = useLive((live) => live.alerts);
  const openAlerts = useMemo(() => openOf(alerts, runId), [alerts, runId]);
  const focusEpoch = useFocusEpoch();
  const title = status ? status.run_name || t.unnamed : runId;

  useEffect(() => {
    document.title = `${title} · Fovea`;
    return () => {
      document.title = "Fovea";
    };
  }, [title]);
  // The zoom range of one run does not apply to another.
  useEffect(() => () => useChartOptions.setState({ zoom: null }), []);

  if (error?.status === 404 && !status) {
    return (
      <div className={styles.page}>
        <Empty>{t.missing}</Empty>
        <p>
          <Link href="/">{t.all}</Link>
        </p>
      </div>
    );
  }
  return (
    <div className={styles.page} data-stale={isStale || undefined}>
      <Health runId={runId} status={status} openAlerts={openAlerts} />
      <div className={styles.head}>
        <div className={styles.name}>
          <h1>{title}</h1>
          <p className={styles.facts}>
            {status && <StatusBadge status={status.status} />}
            {status?.experiment_id && (
              <a href={mlflowRunUrl(status.experiment_id, runId)}>{t.mlflow}</a>
            )}
            <code className={styles.id}>{runId}</code>
          </p>
        </div>
        {status && <Controls runId={runId} status={status.status} isDeleted={status.deleted} />}
      </div>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {status ? <Progress status={status} /> : !error && <Empty>{t.loading}</Empty>}
      <RunAlerts runId={runId} />
      <Conditions runId={runId} />
      {names && <MetricCards runId={runId} names={names} />}
      {status && names && (
        <Charts runId={runId} names={names} stepsPerEpoch={status.total_batches || null} />
      )}
      <Evaluation runId={runId} focusEpoch={focusEpoch} />
      {status && <Reports runId={runId} status={status} />}
      <div className={styles.pair}>
        <Machine runId={runId} />
        <CommandHistory runId={runId} />
      </div>
      <LogTail runId={runId} />
      <SampleImages runId={runId} />
    </div>
  );
}

/** The epoch in the URL, for instance that of an alert. */
function useFocusEpoch(): number | null {
  const [query] = useHashQuery();
  const named = Number.parseInt(query.get("epoch") ?? "", 10);
  return Number.isNaN(named) ? null : named;
}
