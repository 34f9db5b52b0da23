import type { CriticalAlert } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { runHref } from "../ui/hashLocation";
import styles from "./AlertActions.module.css";

const texts = words(
  {
    acknowledge: "Acknowledge",
    ofAlert: (condition: string, metric: string) => `the alert ${condition} on ${metric}`,
    epoch: (epoch: number) => `Epoch ${epoch} and its confusion matrix`,
  },
  {
    fr: {
      acknowledge: "Acquitter",
      ofAlert: (condition, metric) => `l’alerte ${condition} sur ${metric}`,
      epoch: (epoch) => `Époque ${epoch} et sa matrice de confusion`,
    },
  },
);

interface Props {
  alert: CriticalAlert;
  onAcknowledge(alert: CriticalAlert): void;
}

export function AlertActions({ alert, onAcknowledge }: Props) {
  const t = useWords(texts);
  return (
    <div className={styles.actions}>
      {alert.acknowledged_by === null && (
        <Button onClick={() => onAcknowledge(alert)}>
          {t.acknowledge}{" "}
          <span className="visually-hidden">{t.ofAlert(alert.condition, alert.metric)}</span>
        </Button>
      )}
      {alert.epoch !== null && (
        <a href={runHref(alert.run_id, alert.epoch)}>{t.epoch(alert.epoch)}</a>
      )}
    </div>
  );
}
