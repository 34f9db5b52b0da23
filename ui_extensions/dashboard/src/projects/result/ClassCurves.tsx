import { useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { shortName } from "../../ui/shortName";
import { Section } from "../../ui/Section";
import type { EvaluatedClass, Evaluation } from "./evaluation";
import styles from "./ClassCurves.module.css";
import { Thresholds } from "./Thresholds";
import { UnitPlot } from "./UnitPlot";

const texts = words(
  {
    title: "One class against the rest",
    class: "Class",
    rows: (count: string) => `${count} rows`,
    roc: "ROC curve",
    rocLabel: (name: string, area: string) => `ROC curve of ${name}: area under the curve ${area}`,
    pr: "Precision and recall",
    prLabel: (name: string, average: string) =>
      `Precision–recall curve of ${name}: average precision ${average}`,
    falsePositives: "False positive rate",
    truePositives: "True positive rate",
    recall: "Recall",
    precision: "Precision",
    area: (area: string) => `Area under the curve: ${area}`,
    average: (average: string) => `Average precision: ${average}`,
    absent: (names: string) => `Nothing is known of classes without a row here: ${names}`,
  },
  {
    fr: {
      title: "Une classe contre les autres",
      class: "Classe",
      rows: (count) => `${count} lignes`,
      roc: "Courbe ROC",
      rocLabel: (name, area) => `Courbe ROC de ${name} : aire sous la courbe ${area}`,
      pr: "Précision et rappel",
      prLabel: (name, average) =>
        `Courbe précision–rappel de ${name} : précision moyenne ${average}`,
      falsePositives: "Taux de faux positifs",
      truePositives: "Taux de vrais positifs",
      recall: "Rappel",
      precision: "Précision",
      area: (area) => `Aire sous la courbe : ${area}`,
      average: (average) => `Précision moyenne : ${average}`,
      absent: (names) => `On ne sait rien des classes sans ligne ici : ${names}`,
    },
  },
);

const MOST_ABSENT = 20;

/** ROC, precision–recall and thresholds of a class that is chosen. */
export function ClassCurves({ evaluation }: { evaluation: Evaluation }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const classes = useMemo(
    () =>
      evaluation.classes.filter(
        ({ roc, precisionRecall, thresholds }) =>
          roc.length + precisionRecall.length + thresholds.length > 0,
      ),
    [evaluation],
  );
  const [chosen, setChosen] = useState("");
  const shown = classes.find(({ name }) => name === chosen) ?? classes[0];
  if (!shown) {
    return null;
  }
  const absent = evaluation.absentClasses;
  return (
    <Section
      title={t.title}
      tools={
        <label className={styles.choice}>
          {t.class}
          <select value={shown.name} onChange={(event) => setChosen(event.target.value)}>
            {classes.map(({ name, support }) => (
              <option key={name} value={name}>
                {`${shortName(name)} (${t.rows(whole(support))})`}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <div className={styles.plots}>
        <Curves shown={shown} />
      </div>
      {shown.thresholds.length > 0 && <Thresholds key={shown.name} shown={shown} />}
      {absent.length > 0 && (
        <p className={styles.absent}>
          {t.absent(absent.slice(0, MOST_ABSENT).map(shortName).join(", "))}
          {absent.length > MOST_ABSENT && ` … (${whole(absent.length)})`}
        </p>
      )}
    </Section>
  );
}

function Curves({ shown }: { shown: EvaluatedClass }) {
  const t = useWords(texts);
  const { metric } = useFormats();
  const { name, roc, precisionRecall, auroc, averagePrecision } = shown;
  const rocLines = useMemo(() => [{ points: roc }], [roc]);
  const prLines = useMemo(() => [{ points: precisionRecall }], [precisionRecall]);
  const [area, average] = [metric(auroc?.value), metric(averagePrecision)];
  return (
    <>
      {roc.length > 0 && (
        <figure>
          <figcaption>
            <h3>{t.roc}</h3>
            {t.area(area)}
          </figcaption>
          <UnitPlot
            label={t.rocLabel(shortName(name), area)}
            xLabel={t.falsePositives}
            yLabel={t.truePositives}
            lines={rocLines}
            hasDiagonal
          />
        </figure>
      )}
      {precisionRecall.length > 0 && (
        <figure>
          <figcaption>
            <h3>{t.pr}</h3>
            {t.average(average)}
          </figcaption>
          <UnitPlot
            label={t.prLabel(shortName(name), average)}
            xLabel={t.recall}
            yLabel={t.precision}
            lines={prLines}
          />
        </figure>
      )}
    </>
  );
}
