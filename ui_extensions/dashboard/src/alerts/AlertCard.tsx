import { memo } from "react";
import type { CriticalAlert } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { Acknowledgement } from "./Acknowledgement";
import { AlertActions } from "./AlertActions";
import styles from "./AlertCard.module.css";
import { AlertFacts } from "./AlertFacts";
import { AlertMessage, Recommendation } from "./AlertSentence";
import { isOpen } from "./alertOrder";
import { LevelBadge } from "./LevelBadge";
import { RunHistory } from "./RunHistory";

const texts = words(
  {
    insufficient:
      "Not enough evidence: with so few cases even a perfect value would not prove that the threshold is met.",
    todo: "What to do:",
    pause: "When the rule fires, it pauses the run; the history shows the outcome.",
    stop: "When the rule fires, it stops the run; the history shows the outcome.",
    history: "History of this run’s alerts",
  },
  {
    fr: {
      insufficient:
        "Preuves insuffisantes : sur si peu de cas, même une valeur parfaite ne prouverait pas que le seuil est atteint.",
      todo: "Que faire :",
      pause:
        "Quand elle se déclenche, la règle met l’entraînement en pause ; l’historique indique le résultat.",
      stop: "Quand elle se déclenche, la règle arrête l’entraînement ; l’historique indique le résultat.",
      history: "Historique des alertes de cet entraînement",
    },
  },
);

interface Props {
  alert: CriticalAlert;
  nowMs: number;
  onAcknowledge(alert: CriticalAlert): void;
}

/** All facts about one alert. */
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
        <p className={styles.message}>
          <AlertMessage alert={alert} />
        </p>
        <AlertFacts alert={alert} nowMs={nowMs} />
        {alert.insufficient_evidence && (
          <p className={styles.insufficient}>
            <span aria-hidden="true">◔</span> {t.insufficient}
          </p>
        )}
        {alert.recommendation !== null && isOpen(alert) && (
          <p>
            <strong>{t.todo}</strong> <Recommendation alert={alert} />
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
