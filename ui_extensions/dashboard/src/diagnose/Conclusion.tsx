import type { DiagnosisResult } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import styles from "./Conclusion.module.css";
import { constantTexts, inWords } from "./diagnosisWords";
import { isJudged, levelTone } from "./gates";

const texts = words(
  {
    none: "No diagnosis",
    why: "Why:",
    confidence: (share: string) => `${share} calibrated probability`,
    uncalibrated: (share: string) => `${share}, not calibrated: the true share may differ much`,
    set: (coverage: string, classes: string) => `In the ${coverage} prediction set: ${classes}`,
    risk: (level: string) => `Risk: ${level}`,
    urgency: "Urgency",
    noRule: "no rule can be cited",
    source: (source: string) => `Source: ${source}`,
    advice: "What to do",
  },
  {
    fr: {
      none: "Aucun diagnostic",
      why: "Pourquoi :",
      confidence: (share) => `Probabilité calibrée de ${share}`,
      uncalibrated: (share) => `${share}, sans calibration : la part réelle peut différer beaucoup`,
      set: (coverage, classes) => `Dans l’ensemble de prédiction à ${coverage} : ${classes}`,
      risk: (level) => `Risque : ${level}`,
      urgency: "Urgence",
      noRule: "aucune règle ne peut être citée",
      source: (source) => `Source : ${source}`,
      advice: "Que faire",
    },
  },
);

/** The diagnosis, or why there is none; the urgency with its source; what to do. */
export function Conclusion({ result }: { result: DiagnosisResult }) {
  const t = useWords(texts);
  return (
    <div className={styles.conclusion}>
      {result.abstained ? <Abstention reason={result.reason} /> : <Diagnosis result={result} />}
      {isJudged(result) && <Urgency result={result} />}
      {result.recommendations.length > 0 && (
        <div>
          <h3>{t.advice}</h3>
          <ul className={styles.advice} lang="en">
            {result.recommendations.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function Abstention({ reason }: { reason: string }) {
  const t = useWords(texts);
  return (
    <div className={styles.abstention}>
      <p className={styles.name}>
        <span aria-hidden="true">▲ </span>
        {t.none}
      </p>
      {reason && (
        <p>
          {t.why} <span lang="en">{reason}</span>
        </p>
      )}
    </div>
  );
}

function Diagnosis({ result }: { result: DiagnosisResult }) {
  const t = useWords(texts);
  const { percent } = useFormats();
  const { classification, prediction_set: set } = result;
  const share = percent(classification.confidence);
  return (
    <div>
      <p className={styles.name}>{classification.primary_diagnosis}</p>
      <p>{(classification.is_calibrated ? t.confidence : t.uncalibrated)(share)}</p>
      {set && (
        <p className={styles.set}>{t.set(percent(set.coverage, 0), set.classes.join(", "))}</p>
      )}
    </div>
  );
}

function Urgency({ result: { risk, guideline } }: { result: DiagnosisResult }) {
  const t = useWords(texts);
  const constants = useWords(constantTexts);
  const isRule = risk.urgency !== "" && risk.urgency !== "no rule";
  const source = guideline && [
    guideline.source,
    guideline.edition,
    guideline.date === "unknown" ? "" : guideline.date,
    guideline.jurisdiction,
  ];
  return (
    <div className={styles.urgency}>
      <p className={styles.levels}>
        <strong>{t.urgency}</strong>{" "}
        {isRule ? <span lang="en">{risk.urgency}</span> : <span>{t.noRule}</span>}{" "}
        <Badge tone={levelTone(risk.level)}>
          {t.risk(inWords(constants, risk.level || "unknown"))}
        </Badge>
      </p>
      {isRule && source && (
        <p className={styles.source} lang="en">
          {t.source(source.filter((part) => part !== "").join(" · "))}
        </p>
      )}
      {guideline?.signature && (
        <p className={styles.source} lang="en">
          {guideline.signature}
        </p>
      )}
    </div>
  );
}
