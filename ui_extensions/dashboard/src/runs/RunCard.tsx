import { memo, useMemo } from "react";
import { Link } from "wouter";
import { useFormats } from "../i18n/useFormats";
import { useLanguage } from "../i18n/language";
import { useWords, words } from "../i18n/words";
import { mlflowExperimentUrl, mlflowRunUrl } from "../live/mlflowLinks";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import { LongText } from "../ui/LongText";
import { Progress } from "../ui/Progress";
import { Badge } from "../ui/Badge";
import { hasEnded } from "../../../live/runStatus";
import { isSilent } from "../../../live/silence";
import { useLive } from "../live/liveStore";
import { StatusBadge } from "../ui/StatusBadge";
import styles from "./RunCard.module.css";
import { cardRows } from "./cardValues";
import type { ListedRun } from "./runOrder";

const texts = words(
  {
    unnamed: "Unnamed run",
    critical: "Critical alert",
    warning: "Warning",
    compare: (name: string) => `Compare ${name}`,
    mlflow: "MLflow",
    started: (time: string) => `started ${time}`,
    lastMessage: (time: string) => `last message ${time}`,
    train: "train",
    val: "val",
    test: "test",
  },
  {
    fr: {
      unnamed: "Entraînement sans nom",
      critical: "Alerte critique",
      warning: "Avertissement",
      compare: (name) => `Comparer ${name}`,
      mlflow: "MLflow",
      started: (time) => `démarré ${time}`,
      lastMessage: (time) => `dernier message ${time}`,
      train: "train",
      val: "val",
      test: "test",
    },
  },
);

interface Props {
  run: ListedRun;
  isStale: boolean;
  isSelected: boolean;
  onSelect(runId: string, isSelected: boolean): void;
}

export const RunCard = memo(function RunCard({ run, isStale, isSelected, onSelect }: Props) {
  const t = useWords(texts);
  const { metric, date, clock } = useFormats();
  const language = useLanguage((choice) => choice.language);
  const catalog = useMetricCatalog((state) => state.catalog);
  const { summary, live, status } = run;
  const metrics = live?.isOutdated ? undefined : live?.metrics;
  const rows = useMemo(
    () => cardRows(summary, metrics, catalog, language),
    [summary, metrics, catalog, language],
  );
  const isRunSilent = useLive(({ alerts }) => isSilent(Object.values(alerts), summary.run_id));
  const name = status.run_name || t.unnamed;
  const level = status.alert === "critical" || status.alert === "warning" ? status.alert : null;
  return (
    <li
      className={styles.card}
      data-level={level ?? undefined}
      data-stale={isStale || undefined}
      data-ended={hasEnded(status.status) || undefined}
    >
      <div className={styles.head}>
        <h3>
          <LongText
            text={name}
            wrap={(shown) => <Link href={`/runs/${summary.run_id}`}>{shown}</Link>}
          />
        </h3>
        <input
          type="checkbox"
          aria-label={t.compare(name)}
          checked={isSelected}
          onChange={(event) => onSelect(summary.run_id, event.target.checked)}
        />
      </div>
      <p className={styles.badges}>
        {level && <Badge tone={level}>{t[level]}</Badge>}
        <StatusBadge status={status.status} isSilent={isRunSilent} />
        <a
          className={styles.experiment}
          href={mlflowExperimentUrl(summary.experiment_id)}
          title={summary.experiment_name}
        >
          {summary.experiment_name}
        </a>
        <a href={mlflowRunUrl(summary.experiment_id, summary.run_id)}>{t.mlflow}</a>
      </p>
      {status.message && (
        <p className={styles.message}>
          <LongText text={status.message} />
        </p>
      )}
      <Progress status={status} isCompact />
      {rows.length > 0 && (
        <dl className={styles.values}>
          {rows.map(({ label, values }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                {values.map(({ name: metricName, split, value }) => (
                  <span key={metricName} title={metricName}>
                    {split !== "none" && <small>{t[split]}</small>} {metric(value)}
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p className={styles.times}>
        {summary.start_time && t.started(date(summary.start_time))}
        {!hasEnded(status.status) &&
          live?.lastMessageMs &&
          ` · ${t.lastMessage(clock(live.lastMessageMs))}`}
      </p>
    </li>
  );
});
