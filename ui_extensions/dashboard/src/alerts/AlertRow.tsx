import type { CriticalAlert } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { Acknowledgement } from "./Acknowledgement";
import { AlertActions } from "./AlertActions";
import { AlertMessage, Recommendation } from "./AlertSentence";
import styles from "./AlertRow.module.css";
import { isOpen } from "./alertOrder";
import { LevelBadge } from "./LevelBadge";
import { RelativeTime } from "./RelativeTime";

const texts = words(
  {
    insufficient: "Not enough evidence: too few cases to prove that the threshold is met.",
    began: "Began",
    ended: "Ended",
  },
  {
    fr: {
      insufficient:
        "Preuves insuffisantes : trop peu de cas pour prouver que le seuil est atteint.",
      began: "Début :",
      ended: "Fin :",
    },
  },
);

interface Props {
  alert: CriticalAlert;
  nowMs: number;
  onAcknowledge(alert: CriticalAlert): void;
}

/** A short form of an alert, for the page of its run. */
export function AlertRow({ alert, nowMs, onAcknowledge }: Props) {
  const t = useWords(texts);
  return (
    <li className={`${styles.row} ${isOpen(alert) ? styles[alert.level] : ""}`}>
      <div className={styles.what}>
        <p className={styles.head}>
          <LevelBadge alert={alert} />
          <strong>{alert.condition}</strong>
          <span className={styles.since}>
            {isOpen(alert) ? t.began : t.ended}{" "}
            <RelativeTime time={isOpen(alert) ? alert.started_at : alert.timestamp} nowMs={nowMs} />
          </span>
        </p>
        <p>
          <AlertMessage alert={alert} />
        </p>
        {alert.insufficient_evidence && (
          <p className={styles.insufficient}>
            <span aria-hidden="true">◔</span> {t.insufficient}
          </p>
        )}
        {alert.recommendation !== null && isOpen(alert) && (
          <p className={styles.todo}>
            <Recommendation alert={alert} />
          </p>
        )}
        <Acknowledgement alert={alert} nowMs={nowMs} />
      </div>
      <AlertActions alert={alert} onAcknowledge={onAcknowledge} />
    </li>
  );
}
