import type { CriticalAlert, TrainingStatus } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { useNow } from "../ui/useNow";
import tones from "../ui/tones.module.css";
import styles from "./Health.module.css";
import { HEALTH_TONES, type RunHealth, healthOf } from "./runHealth";

const texts = words(
  {
    health: "Health",
    unknown: "Reading…",
    notLive: "Not live",
    deleted: "Deleted",
    critical: "Critical",
    failed: "Failed",
    warning: "Warning",
    quiet: "Silent",
    healthy: "Healthy",
    held: "Paused",
    waiting: "Getting ready",
    ended: "Completed",
    stopped: "Stopped",
    noAlerts: "no open alerts",
    colon: ": ",
    alerts: (critical: number, warning: number) =>
      [critical && `${critical} critical`, warning && `${warning} warning${warning > 1 ? "s" : ""}`]
        .filter(Boolean)
        .join(", "),
    heard: (ago: string) => `last heard of ${ago}`,
    asOf: (time: string) => `what is shown is as of ${time}`,
  },
  {
    fr: {
      health: "Santé",
      unknown: "Lecture…",
      notLive: "Pas en direct",
      deleted: "Supprimé",
      critical: "Critique",
      failed: "Échoué",
      warning: "Avertissement",
      quiet: "Silencieux",
      healthy: "En bonne santé",
      held: "En pause",
      waiting: "En préparation",
      ended: "Terminé",
      stopped: "Arrêté",
      noAlerts: "aucune alerte ouverte",
      colon: " : ",
      alerts: (critical, warning) =>
        [
          critical && `${critical} critique${critical > 1 ? "s" : ""}`,
          warning && `${warning} avertissement${warning > 1 ? "s" : ""}`,
        ]
          .filter(Boolean)
          .join(", "),
      heard: (ago) => `dernières nouvelles ${ago}`,
      asOf: (time) => `ce qui est affiché date de ${time}`,
    },
  },
);

const SIGNS: Record<RunHealth, string> = {
  unknown: "…",
  notLive: "◌",
  deleted: "⌫",
  critical: "✖",
  failed: "✖",
  warning: "▲",
  quiet: "◔",
  healthy: "✓",
  held: "⏸",
  waiting: "…",
  ended: "✓",
  stopped: "■",
};

const MOST_NAMED = 4;

/** The worst first, as they are listed. */
function named(alerts: readonly CriticalAlert[]): string {
  const names = [...new Set(alerts.map(({ condition }) => condition.replaceAll("_", " ")))];
  return names.slice(0, MOST_NAMED).join(", ") + (names.length > MOST_NAMED ? ", …" : "");
}

interface Props {
  runId: string;
  status: TrainingStatus | undefined;
  openAlerts: readonly CriticalAlert[];
}

/** Of a second: a busy run is heard of many times in one. */
function whole(timeMs: number | null | undefined): number | null {
  return timeMs ? Math.floor(timeMs / 1000) * 1000 : null;
}

/** Two seconds in front of the screen are enough to know. */
export function Health({ runId, status, openAlerts }: Props) {
  const t = useWords(texts);
  const { ago, clock } = useFormats();
  const nowMs = useNow(5_000);
  const connection = useLive((live) => live.connection);
  const lastMessageMs = useLive((live) => whole(live.runs[runId]?.lastMessageMs));
  const found = healthOf({ status, openAlerts, connection, lastMessageMs, nowMs });
  const numCritical = openAlerts.filter(({ level }) => level === "critical").length;
  const facts = [
    openAlerts.length > 0
      ? `${t.alerts(numCritical, openAlerts.length - numCritical)}${t.colon}${named(openAlerts)}`
      : t.noAlerts,
    found === "quiet" && lastMessageMs !== null ? t.heard(ago(lastMessageMs, nowMs)) : "",
    connection.state === "live" || connection.state === "connecting"
      ? ""
      : t.asOf(clock(connection.sinceMs)),
    status?.message ?? "",
  ].filter((fact) => fact !== "");
  return (
    <p
      className={`${styles.health} ${tones[HEALTH_TONES[found]]} ${styles[HEALTH_TONES[found]] ?? ""}`}
      role="status"
      aria-label={t.health}
    >
      <strong>
        <span aria-hidden="true">{SIGNS[found]}</span> {t[found]}
      </strong>
      <span className={styles.facts}>{facts.join(" · ")}</span>
    </p>
  );
}
