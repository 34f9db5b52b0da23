import { useMemo } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Section } from "../../ui/Section";
import styles from "./Calibration.module.css";
import type { Evaluation } from "./evaluation";
import { NumberTable } from "./NumberTable";
import { UnitPlot } from "./UnitPlot";

const texts = words(
  {
    title: "Do the probabilities come true?",
    how: "Of rows with a probability of 80%, 80% should come true: the points should lie on the dotted line. Upright lines are 95% intervals.",
    before: "The dashed line is before calibration.",
    error: (error: string) => `Calibration error: ${error}`,
    label: (error: string) =>
      `Reliability diagram: share that came true by probability, calibration error ${error}`,
    said: "Probability",
    happened: "Came true",
    rows: "Rows",
    interval: "95% interval",
    all: "As a table",
  },
  {
    fr: {
      title: "Les probabilités se réalisent-elles ?",
      how: "Parmi les lignes à 80 % de probabilité, 80 % devraient se réaliser : les points devraient être sur la ligne pointillée. Les traits verticaux sont des intervalles à 95 %.",
      before: "La ligne en tirets est celle d’avant la calibration.",
      error: (error) => `Erreur de calibration : ${error}`,
      label: (error) =>
        `Diagramme de fiabilité : part réalisée selon la probabilité, erreur de calibration ${error}`,
      said: "Probabilité",
      happened: "Réalisé",
      rows: "Lignes",
      interval: "Intervalle à 95 %",
      all: "En tableau",
    },
  },
);

/** The reliability diagram: probabilities beside the shares that came true. */
export function Calibration({ evaluation }: { evaluation: Evaluation }) {
  const t = useWords(texts);
  const { metric, percent, whole } = useFormats();
  const { reliability, uncalibrated, calibrationError } = evaluation;
  const lines = useMemo(
    () => [
      {
        points: reliability.map(({ said, happened, interval }) => ({
          x: said,
          y: happened,
          interval,
        })),
        hasMarks: true,
      },
      ...(uncalibrated.length > 0
        ? [{ points: uncalibrated.map(({ said, happened }) => ({ x: said, y: happened })) }]
        : []),
    ],
    [reliability, uncalibrated],
  );
  if (reliability.length === 0) {
    return null;
  }
  const error = metric(calibrationError?.value);
  return (
    <Section title={t.title}>
      <div className={styles.calibration}>
        <p>
          {t.how} {uncalibrated.length > 0 && t.before}
        </p>
        {calibrationError && <p>{t.error(error)}</p>}
        <UnitPlot
          label={t.label(error)}
          xLabel={t.said}
          yLabel={t.happened}
          lines={lines}
          hasDiagonal
        />
        <NumberTable
          title={t.all}
          heads={[t.said, t.happened, t.interval, t.rows]}
          rows={reliability.map(({ said, happened, interval, numRows }) => [
            percent(said),
            percent(happened),
            interval?.map((end) => percent(end)).join(" – "),
            whole(numRows),
          ])}
        />
      </div>
    </Section>
  );
}
