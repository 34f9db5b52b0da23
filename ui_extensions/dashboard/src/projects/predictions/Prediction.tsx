import type { RowPrediction } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { LongText } from "../../ui/LongText";
import { Contributions } from "./Contributions";
import styles from "./Prediction.module.css";

const texts = words(
  {
    title: "Prediction",
    is: (target: string) => `${target} is`,
    confidence: (share: string) => `calibrated probability ${share}`,
    abstained: "No answer: the model is not sure enough. The most probable class is",
    yes: "yes",
    no: "no",
    warnings: "Unlike anything in training",
    probabilities: "Probabilities",
    others: (count: string, share: string) => `${count} other classes: ${share}`,
  },
  {
    fr: {
      title: "Prédiction",
      is: (target) => `${target} est`,
      confidence: (share) => `probabilité calibrée ${share}`,
      abstained: "Pas de réponse : le modèle n’est pas assez sûr. La classe la plus probable est",
      yes: "oui",
      no: "non",
      warnings: "Inconnu à l’entraînement",
      probabilities: "Probabilités",
      others: (count, share) => `${count} autres classes : ${share}`,
    },
  },
);

const MOST_CLASSES = 10;
const MOST_WARNINGS = 20;

interface Props {
  target: string;
  prediction: RowPrediction;
}

/** The prediction for one row: label, probabilities, warnings and reasons. */
export function Prediction({ target, prediction }: Props) {
  const t = useWords(texts);
  const { percent, whole, metric } = useFormats();
  const { label, confidence, abstained, warnings, probabilities, explanation } = prediction;
  const sorted = Object.entries(probabilities ?? {}).sort(([, a], [, b]) => b - a);
  const others = sorted.slice(MOST_CLASSES);
  const shown = () => {
    switch (typeof label) {
      case "boolean":
        return label ? t.yes : t.no;
      case "number":
        // Class labels such as 3 and 2024 are numbers, too; those are no measures.
        return probabilities ? String(label) : metric(label);
      default:
        return label ?? "";
    }
  };
  return (
    <section className={styles.prediction} aria-label={t.title} aria-live="polite">
      <p className={styles.label}>
        <span>{abstained ? t.abstained : t.is(target)}</span>
        <strong>
          <LongText text={shown()} />
        </strong>
        {confidence !== null && <span>{t.confidence(percent(confidence))}</span>}
      </p>
      {prediction.reason !== "" && <p lang="en">{prediction.reason}</p>}
      {warnings.length > 0 && (
        <div className={styles.warnings}>
          <h3>{t.warnings}</h3>
          <ul>
            {warnings.slice(0, MOST_WARNINGS).map(({ column, text }) => (
              <li key={column}>
                <LongText text={column} />: <span lang="en">{text}</span>
              </li>
            ))}
          </ul>
          {warnings.length > MOST_WARNINGS && <p>… ({whole(warnings.length)})</p>}
        </div>
      )}
      {sorted.length > 0 && (
        <div>
          <h3>{t.probabilities}</h3>
          <ul className={styles.rows}>
            {sorted.slice(0, MOST_CLASSES).map(([name, share]) => (
              <li key={name}>
                <LongText text={name} />
                <span>{percent(share)}</span>
                <span className={styles.track} aria-hidden="true">
                  <span style={{ inlineSize: `${share * 100}%` }} />
                </span>
              </li>
            ))}
          </ul>
          {others.length > 0 && (
            <p>
              {t.others(
                whole(others.length),
                percent(others.reduce((sum, [, share]) => sum + share, 0)),
              )}
            </p>
          )}
        </div>
      )}
      {explanation && <Contributions explanation={explanation} />}
    </section>
  );
}
