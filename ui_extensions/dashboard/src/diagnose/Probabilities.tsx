import type { DiagnosisResult } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { classRows, type ClassRow } from "./classRows";
import styles from "./Probabilities.module.css";

const texts = words(
  {
    inSet: "in the prediction set",
    others: (count: string) => `Other classes (${count})`,
    meaning: (coverage: string) =>
      `The prediction set has the true class in ${coverage} of cases like those that it was made from.`,
    noSet: "This model has no prediction sets.",
    notADiagnosis: "There is no diagnosis: these probabilities are none.",
  },
  {
    fr: {
      inSet: "dans l’ensemble de prédiction",
      others: (count) => `Autres classes (${count})`,
      meaning: (coverage) =>
        `L’ensemble de prédiction contient la vraie classe dans ${coverage} des cas semblables à ceux dont il est issu.`,
      noSet: "Ce modèle n’a pas d’ensembles de prédiction.",
      notADiagnosis: "Il n’y a pas de diagnostic : ces probabilités n’en sont pas un.",
    },
  },
);

export function Probabilities({ result }: { result: DiagnosisResult }) {
  const t = useWords(texts);
  const { percent, whole } = useFormats();
  const { first, others } = classRows(result);
  const set = result.prediction_set;
  return (
    <div className={styles.probabilities}>
      {result.abstained && <p className={styles.meaning}>{t.notADiagnosis}</p>}
      <Rows rows={first} />
      {others.length > 0 && (
        <details>
          <summary>{t.others(whole(others.length))}</summary>
          <Rows rows={others} />
        </details>
      )}
      <p className={styles.meaning}>{set ? t.meaning(percent(set.coverage, 0)) : t.noSet}</p>
    </div>
  );
}

function Rows({ rows }: { rows: readonly ClassRow[] }) {
  const t = useWords(texts);
  const { percent } = useFormats();
  return (
    <ul className={styles.rows}>
      {rows.map(({ name, probability, isInSet }) => (
        <li key={name} className={styles.row} data-in-set={isInSet === true || undefined}>
          <span className={styles.name}>
            {isInSet && (
              <span className={styles.mark} title={t.inSet}>
                <span aria-hidden="true">◆</span>
                <span className="visually-hidden">({t.inSet})</span>
              </span>
            )}
            {name}
          </span>
          <span>{percent(probability)}</span>
          <span className={styles.track} aria-hidden="true">
            <span style={{ inlineSize: `${probability * 100}%` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}
