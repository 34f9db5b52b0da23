import type { ProjectDetail } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Section } from "../../ui/Section";
import { metricName, metricWords } from "../metricNames";
import { figure, useInterval } from "../Score";
import table from "../Table.module.css";
import type { Evaluation, Gap } from "./evaluation";
import styles from "./HonestScore.module.css";

const texts = words(
  {
    title: "What the model is worth",
    none: "There is no score: too few rows could be held out.",
    rows: (count: string) =>
      `Measured once, on ${count} rows that neither training nor the comparison of models has seen.`,
    groups: (count: string) => `They belong to ${count} groups.`,
    gap: "Promise and holdout",
    selection: (value: string) => `The comparison of models promised ${value}.`,
    tooMuch: (difference: string) =>
      `That was ${difference} too much, more than chance explains. Trust the holdout.`,
    better: (difference: string) =>
      `The holdout is better by ${difference}, more than chance explains. Its rows may be easier.`,
    chance: (difference: string) => `The gap of ${difference} is within what chance explains.`,
    unknown: "There are too few groups to say how much of the gap is chance.",
    all: "All figures",
    figureHead: "Figure",
    value: "Value",
    interval: "95% interval",
    notes: "What to know",
  },
  {
    fr: {
      title: "Ce que vaut le modèle",
      none: "Il n’y a pas de score : trop peu de lignes ont pu être réservées.",
      rows: (count) =>
        `Mesuré une seule fois, sur ${count} lignes que ni l’entraînement ni la comparaison des modèles n’ont vues.`,
      groups: (count) => `Elles appartiennent à ${count} groupes.`,
      gap: "Promesse et mesure",
      selection: (value) => `La comparaison des modèles promettait ${value}.`,
      tooMuch: (difference) =>
        `C’était ${difference} de trop, plus que le hasard n’explique. Fiez-vous à la mesure.`,
      better: (difference) =>
        `La mesure est meilleure de ${difference}, plus que le hasard n’explique. Ses lignes sont peut-être plus faciles.`,
      chance: (difference) => `L’écart de ${difference} s’explique par le hasard.`,
      unknown: "Il y a trop peu de groupes pour dire quelle part de l’écart relève du hasard.",
      all: "Tous les chiffres",
      figureHead: "Chiffre",
      value: "Valeur",
      interval: "Intervalle à 95 %",
      notes: "À savoir",
    },
  },
);

interface Props {
  detail: ProjectDetail;
  evaluation: Evaluation;
}

/** The score on the holdout first, then what the comparison of models had promised. */
export function HonestScore({ detail, evaluation }: Props) {
  const t = useWords(texts);
  const names = useWords(metricWords);
  const formats = useFormats();
  const interval = useInterval();
  const { whole } = formats;
  const { holdout_score: score, selection_score: selection } = detail;
  const { gap, metrics, numRows, numGroups, notes, abstention } = evaluation;
  const between = score ? interval(score.metric, score.interval) : "";
  const told = [...(abstention ? [abstention] : []), ...notes];
  return (
    <Section title={t.title}>
      <div className={styles.score}>
        {score ? (
          <p className={styles.main}>
            <span>{metricName(names, score.metric)}</span>
            <strong>{figure(formats, score.metric, score.value)}</strong>
            <span>{between}</span>
          </p>
        ) : (
          <p>{t.none}</p>
        )}
        {numRows !== null && (
          <p>
            {t.rows(whole(numRows))}
            {numGroups !== null && numGroups !== numRows && ` ${t.groups(whole(numGroups))}`}
          </p>
        )}
        {selection && score && (
          <p>
            <strong>{t.gap}: </strong>
            {t.selection(figure(formats, selection.metric, selection.value))}{" "}
            {gap && <GapSentence gap={gap} />}
          </p>
        )}
        {told.length > 0 && (
          <div>
            <h3>{t.notes}</h3>
            <ul className={styles.notes} lang="en">
              {told.map((note, index) => (
                <li key={index}>{note}</li>
              ))}
            </ul>
          </div>
        )}
        {metrics.size > 0 && (
          <details>
            <summary>{t.all}</summary>
            <section className={table.scroller} tabIndex={0} aria-label={t.all}>
              <table className={table.table}>
                <thead>
                  <tr>
                    <th scope="col">{t.figureHead}</th>
                    <th scope="col" className={table.number}>
                      {t.value}
                    </th>
                    <th scope="col">{t.interval}</th>
                  </tr>
                </thead>
                <tbody>
                  {[...metrics].map(([name, { value, interval: ends }]) => (
                    <tr key={name}>
                      <th scope="row">{metricName(names, name)}</th>
                      <td className={table.number}>{figure(formats, name, value)}</td>
                      <td>{ends?.map((end) => figure(formats, name, end)).join(" – ")}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          </details>
        )}
      </div>
    </Section>
  );
}

function GapSentence({ gap: { metric: name, difference, interval } }: { gap: Gap }) {
  const t = useWords(texts);
  const formats = useFormats();
  if (difference === null || interval === null) {
    return t.unknown;
  }
  const size = figure(formats, name, Math.abs(difference));
  if (interval[0] > 0) {
    return <span className={styles.warning}>{t.tooMuch(size)}</span>;
  }
  return interval[1] < 0 ? t.better(size) : t.chance(size);
}
