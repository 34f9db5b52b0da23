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
    silent: "Silent",
    healthy: "Healthy",
    paused: "Paused",
    waiting: "Getting ready",
    ended: "Completed",
    stopped: "Stopped",
    noAlerts: "no open alerts",
    colon: ": ",
    alerts: (critical: number, warning: number) =>
      [critical && `${critical} critical`, warning && `${warning} warning${warning > 1 ? "s" : ""}`]
        .filter(Boolean)
        .join(", "),
    lastMessage: (ago: string) => `last message ${ago}`,
    asOf: (time: string) => `values as of ${time}`,
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
      silent: "Silencieux",
      healthy: "En bonne santé",
      paused: "En pause",
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
      lastMessage: (ago) => `dernier message ${ago}`,
      asOf: (time) => `valeurs de ${time}`,
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
  silent: "◔",
  healthy: "✓",
  paused: "⏸",
  waiting: "…",
  ended: "✓",
  stopped: "■",
};

const MAX_NAMED = 4;

/** The conditions of the alerts, in the order of the list: the worst first. */
function named(alerts: readonly CriticalAlert[]): string {
  const names = [...new Set(alerts.map(({ condition }) => condition.replaceAll("_", " ")))];
  return names.slice(0, MAX_NAMED).join(", ") + (names.length > MAX_NAMED ? ", …" : "");
}

interface Props {
  runId: string;
  status: TrainingStatus | undefined;
  openAlerts: readonly CriticalAlert[];
}

/** Rounds down to a second, so that a busy run does not render this many times a second. */
function toSecond(timeMs: number | null | undefined): number | null {
  return timeMs ? Math.floor(timeMs / 1000) * 1000 : null;
}

/** The first line of a run's page: its health in one word, and the facts behind it. */
export function Health({ runId, status, openAlerts }: Props) {
  const t = useWords(texts);
  const { ago, clock } = useFormats();
  const nowMs = useNow(5_000);
  const connection = useLive((live) => live.connection);
  const lastMessageMs = useLive((live) => toSecond(live.runs[runId]?.lastMessageMs));
  const health = healthOf({ status, openAlerts, connection });
  const numCritical = openAlerts.filter(({ level }) => level === "critical").length;
  const facts = [
    openAlerts.length > 0
      ? `${t.alerts(numCritical, openAlerts.length - numCritical)}${t.colon}${named(openAlerts)}`
      : t.noAlerts,
    health === "silent" && lastMessageMs !== null ? t.lastMessage(ago(lastMessageMs, nowMs)) : "",
    connection.state === "live" || connection.state === "connecting"
      ? ""
      : t.asOf(clock(connection.sinceMs)),
    status?.message ?? "",
  ].filter((fact) => fact !== "");
  return (
    <p
      className={`${styles.health} ${tones[HEALTH_TONES[health]]} ${styles[HEALTH_TONES[health]] ?? ""}`}
      role="status"
      aria-label={t.health}
    >
      <strong>
        <span aria-hidden="true">{SIGNS[health]}</span> {t[health]}
      </strong>
      <span className={styles.facts}>{facts.join(" · ")}</span>
    </p>
  );
}
