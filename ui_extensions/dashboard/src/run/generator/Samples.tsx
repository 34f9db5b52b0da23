import { useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { LongText } from "../../ui/LongText";
import { Section } from "../../ui/Section";
import { gallery } from "../loggedImages";
import { Picture } from "../Picture";
import { nearestStep, type SampleRow, samplesOf } from "./sampleRows";
import styles from "./Samples.module.css";
import { StepSlider } from "./StepSlider";
import { usePromptHistory } from "./usePromptHistory";

const texts = words(
  {
    title: "Samples",
    how: "Each prompt is drawn from the same noise at every step.",
    shown: "Step shown",
    compared: "Compared with step",
    compare: "Compare two steps",
    prompt: (number: string) => `Prompt ${number}`,
    step: (step: string) => `Step ${step}`,
    none: "Not drawn at this step",
    picture: (number: string, step: string) => `Prompt ${number}, step ${step}`,
  },
  {
    fr: {
      title: "Échantillons",
      how: "Chaque texte est dessiné à partir du même bruit à chaque pas.",
      shown: "Pas affiché",
      compared: "Comparé au pas",
      compare: "Comparer deux pas",
      prompt: (number) => `Texte ${number}`,
      step: (step) => `Pas ${step}`,
      none: "Pas dessiné à ce pas",
      picture: (number, step) => `Texte ${number}, pas ${step}`,
    },
  },
);

interface Props {
  runId: string;
  paths: readonly string[];
}

/** What the run draws while it trains: a row for each prompt, at one step or at two side by side. */
export function Samples({ runId, paths }: Props) {
  const t = useWords(texts);
  const history = usePromptHistory(runId);
  const { rows, steps } = useMemo(
    () => samplesOf(gallery(paths).stepped, history),
    [paths, history],
  );
  // At the newest step the slider follows newer ones.
  const [chosen, setChosen] = useState<number | null>(null);
  const [other, setOther] = useState<number | null>(null);
  const last = steps.at(-1);
  if (last === undefined) {
    return null;
  }
  const step = nearestStep(steps, chosen);
  const isCompared = other !== null && steps.length > 1;
  const columns = isCompared ? [nearestStep(steps, other), step] : [step];
  return (
    <Section title={t.title}>
      <div className={styles.tools}>
        {steps.length > 1 && (
          <>
            <StepSlider
              label={t.shown}
              steps={steps}
              step={step}
              onPick={(picked) => setChosen(picked === last ? null : picked)}
            />
            {isCompared && (
              <StepSlider
                label={t.compared}
                steps={steps}
                step={nearestStep(steps, other)}
                onPick={setOther}
              />
            )}
            <label className={styles.compare}>
              <input
                type="checkbox"
                checked={isCompared}
                onChange={(event) => setOther(event.target.checked ? (steps[0] ?? null) : null)}
              />
              {t.compare}
            </label>
          </>
        )}
        <p className={styles.note}>{t.how}</p>
      </div>
      <ul className={styles.rows} data-compared={isCompared || undefined}>
        {rows.map((row) => (
          <li key={row.key} className={styles.row}>
            <Prompts row={row} columns={columns} />
            <div className={styles.pictures}>
              {columns.map((each, index) => (
                <Cell key={index} runId={runId} row={row} step={each} />
              ))}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The prompt of the row; both, if it was another one at the other step. */
function Prompts({ row, columns }: { row: SampleRow; columns: readonly number[] }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const known = columns.map((step) => row.byStep.get(step)?.prompt);
  const shown = [...new Set(known.filter((prompt) => prompt !== undefined))];
  return (
    <div className={styles.prompt}>
      <h3>{t.prompt(whole(row.number))}</h3>
      {shown.map((prompt) => (
        <p key={prompt}>
          {shown.length > 1 && <strong>{t.step(whole(columns[known.indexOf(prompt)]))} </strong>}
          <LongText text={prompt} />
        </p>
      ))}
    </div>
  );
}

function Cell({ runId, row, step }: { runId: string; row: SampleRow; step: number }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const sample = row.byStep.get(step);
  return sample ? (
    <Picture
      runId={runId}
      image={sample.image}
      name={t.picture(whole(row.number), whole(step))}
      steps={{ key: row.key, pictures: row.pictures }}
    >
      {t.step(whole(step))}
    </Picture>
  ) : (
    <p className={styles.none}>
      {t.none} <span>({t.step(whole(step))})</span>
    </p>
  );
}
