import { memo } from "react";
import type { CriticalAlert } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { Acknowledgement } from "./Acknowledgement";
import { AlertActions } from "./AlertActions";
import styles from "./AlertCard.module.css";
import { AlertFacts } from "./AlertFacts";
import { isOpen } from "./alertOrder";
import { LevelBadge } from "./LevelBadge";
import { RunHistory } from "./RunHistory";

const texts = words(
  {
    insufficient:
      "Not enough evidence: on so few cases not even a perfect value would prove that the threshold is kept.",
    todo: "What to do:",
    pause: "When it fires, the rule tells the run to pause; the history says what came of it.",
    stop: "When it fires, the rule tells the run to stop; the history says what came of it.",
    history: "History of this run’s alerts",
  },
  {
    fr: {
      insufficient:
        "Preuves insuffisantes : sur si peu de cas, même une valeur parfaite ne prouverait pas que le seuil est tenu.",
      todo: "Que faire :",
      pause:
        "Quand elle se déclenche, la règle met l’entraînement en pause ; l’historique dit ce qu’il en est advenu.",
      stop: "Quand elle se déclenche, la règle arrête l’entraînement ; l’historique dit ce qu’il en est advenu.",
      history: "Historique des alertes de cet entraînement",
    },
  },
);

interface Props {
  alert: CriticalAlert;
  nowMs: number;
  onAcknowledge(alert: CriticalAlert): void;
}

/** All that is known of one alert. */
export const AlertCard = memo(function AlertCard({ alert, nowMs, onAcknowledge }: Props) {
  const t = useWords(texts);
  const tone = isOpen(alert) ? alert.level : "past";
  return (
    <article
      className={`${styles.card} ${styles[tone]}`}
      aria-labelledby={`alert-${alert.alert_id}`}
    >
      <div className={styles.what}>
        <div className={styles.head}>
          <h2 id={`alert-${alert.alert_id}`}>{alert.condition}</h2>
          <LevelBadge alert={alert} />
        </div>
        <p className={styles.message} lang="en">
          {alert.message}
        </p>
        <AlertFacts alert={alert} nowMs={nowMs} />
        {alert.insufficient_evidence && (
          <p className={styles.insufficient}>
            <span aria-hidden="true">◔</span> {t.insufficient}
          </p>
        )}
        {alert.recommendation !== null && isOpen(alert) && (
          <p>
            <strong>{t.todo}</strong> <span lang="en">{alert.recommendation}</span>
          </p>
        )}
        {alert.action !== "none" && <p>{t[alert.action]}</p>}
        <Acknowledgement alert={alert} nowMs={nowMs} />
      </div>
      <AlertActions alert={alert} onAcknowledge={onAcknowledge} />
      <div className={styles.history}>
        <RunHistory runId={alert.run_id} title={t.history} />
      </div>
    </article>
  );
});
