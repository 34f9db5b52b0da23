import { lazy, type ReactNode, Suspense, useMemo } from "react";
import { openOf } from "../alerts/alertOrder";
import { RunAlerts } from "../alerts/RunAlerts";
import { Charts } from "../charts/Charts";
import { hasEnded } from "../../../live/runStatus";
import { isSilent } from "../../../live/silence";
import { useWords, words } from "../i18n/words";
import { mlflowRunUrl } from "../live/mlflowLinks";
import { useLive } from "../live/liveStore";
import { CrashBoundary } from "../ui/CrashBoundary";
import { ErrorNote } from "../ui/ErrorNote";
import { useHashQuery } from "../ui/hashLocation";
import { usePageTitle } from "../ui/usePageTitle";
import { LongText } from "../ui/LongText";
import { Empty } from "../ui/Section";
import { StatusBadge } from "../ui/StatusBadge";
import { CommandHistory } from "./CommandHistory";
import { Conditions } from "./Conditions";
import { Controls } from "./Controls";
import { Evaluation } from "./evaluation/Evaluation";
import { isGenerator } from "./generatorRun";
import { Health } from "./Health";
import { LogTail } from "./LogTail";
import { Machine } from "./Machine";
import { MetricCards } from "./MetricCards";
import { MissingRun } from "./MissingRun";
import { Progress } from "../ui/Progress";
import { ReportButton } from "../reports/ReportButton";
import { Reports } from "./reports/Reports";
import styles from "./RunPage.module.css";
import { SampleImages } from "./SampleImages";
import { useRun } from "./useRun";
import { useRunImages } from "./useRunImages";

const texts = words(
  {
    mlflow: "Open in MLflow",
    loading: "Loading the run…",
    loadingParts: "Loading…",
    unnamed: "Unnamed run",
  },
  {
    fr: {
      mlflow: "Ouvrir dans MLflow",
      loading: "Chargement de l’entraînement…",
      loadingParts: "Chargement…",
      unnamed: "Entraînement sans nom",
    },
  },
);

const OneTimeCommands = lazy(async () => ({
  default: (await import("./commands/OneTimeCommands")).OneTimeCommands,
}));

const GeneratorParts = lazy(async () => ({
  default: (await import("./generator/GeneratorParts")).GeneratorParts,
}));

const StoredParts = lazy(async () => ({
  default: (await import("./StoredParts")).StoredParts,
}));

export function RunPage({ runId }: { runId: string }) {
  const t = useWords(texts);
  const { status, names, error, refetch } = useRun(runId);
  const isStale = useLive(
    (live) => live.connection.state === "lost" || live.connection.state === "refused",
  );
  const alerts = useLive((live) => live.alerts);
  const openAlerts = useMemo(() => openOf(alerts, runId), [alerts, runId]);
  const focusEpoch = useFocusEpoch();
  const images = useRunImages(runId);
  const title = status ? status.run_name || t.unnamed : runId;

  usePageTitle(title);

  if (error?.status === 404 && !status) {
    return <MissingRun />;
  }
  return (
    <div className={styles.page} data-stale={isStale || undefined}>
      <Health runId={runId} status={status} openAlerts={openAlerts} />
      <div className={styles.head}>
        <div className={styles.name}>
          <h1>
            <LongText text={title} />
          </h1>
          <p className={styles.facts}>
            {status && (
              <StatusBadge status={status.status} isSilent={isSilent(openAlerts, runId)} />
            )}
            {status?.experiment_id && (
              <a href={mlflowRunUrl(status.experiment_id, runId)}>{t.mlflow}</a>
            )}
            <code className={styles.id}>{runId}</code>
          </p>
        </div>
        {status && (
          <div className={styles.actions}>
            <Controls runId={runId} status={status.status} isDeleted={status.deleted} />
            {!status.deleted && <ReportButton subject={{ kind: "runs", runIds: [runId] }} />}
          </div>
        )}
      </div>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {status ? <Progress status={status} /> : !error && <Empty>{t.loading}</Empty>}
      <Part>
        <RunAlerts runId={runId} />
      </Part>
      <Part>
        <Conditions runId={runId} />
      </Part>
      <Part>{names && <MetricCards runId={runId} names={names} />}</Part>
      <Part>
        {status && names && (
          <Charts runId={runId} names={names} stepsPerEpoch={status.total_batches || null} />
        )}
      </Part>
      <Part>
        {status && !hasEnded(status.status) && !status.deleted && (
          <Suspense fallback={null}>
            <OneTimeCommands runId={runId} />
          </Suspense>
        )}
      </Part>
      <Part>
        {names && images.data && isGenerator(images.data, names) && (
          <Suspense fallback={null}>
            <GeneratorParts runId={runId} names={names} found={images.data} />
          </Suspense>
        )}
      </Part>
      <Part>
        <Evaluation runId={runId} focusEpoch={focusEpoch} />
      </Part>
      <Part>{status && <Reports runId={runId} status={status} />}</Part>
      <div className={styles.pair}>
        <Part>
          <Machine runId={runId} />
        </Part>
        <Part>
          <CommandHistory runId={runId} />
        </Part>
      </div>
      <Part>
        <LogTail runId={runId} />
      </Part>
      <Part>
        <SampleImages runId={runId} images={images} />
      </Part>
      <Part>
        {status && (
          <Suspense fallback={<Empty>{t.loadingParts}</Empty>}>
            <StoredParts key={runId} runId={runId} isDeleted={status.deleted} />
          </Suspense>
        )}
      </Part>
    </div>
  );
}

/** An error in one part, for instance by a number that nobody expected, leaves the others. */
function Part({ children }: { children: ReactNode }) {
  return <CrashBoundary isPart>{children}</CrashBoundary>;
}

/** The epoch in the URL, for instance that of an alert. */
function useFocusEpoch(): number | null {
  const [query] = useHashQuery();
  const named = Number.parseInt(query.get("epoch") ?? "", 10);
  return Number.isNaN(named) ? null : named;
}
