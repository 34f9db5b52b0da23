import { useWords, words } from "../i18n/words";
import { FormField } from "../runs/FormField";
import { isThresholdWrong, type Options } from "./chosenImages";
import styles from "./RequestOptions.module.css";

const texts = words(
  {
    options: "Options",
    segmentation: "Draw masks of vessels and lesions (needs a segmentation model)",
    threshold: "Give no diagnosis below a confidence of (%)",
    thresholdHint: "Empty: 50%.",
    thresholdProblem: "A number from 0 to 100 was expected.",
  },
  {
    fr: {
      options: "Options",
      segmentation:
        "Dessiner les masques des vaisseaux et des lésions (demande un modèle de segmentation)",
      threshold: "Ne donner aucun diagnostic sous une confiance de (%)",
      thresholdHint: "Vide : 50 %.",
      thresholdProblem: "Un nombre de 0 à 100 était attendu.",
    },
  },
);

export function RequestOptions({
  options,
  onChange,
}: {
  options: Options;
  onChange(options: Options): void;
}) {
  const t = useWords(texts);
  const problem = isThresholdWrong(options.threshold) ? t.thresholdProblem : undefined;
  return (
    <details className={styles.options}>
      <summary>{t.options}</summary>
      <label className={styles.choice}>
        <input
          type="checkbox"
          checked={options.segmentation}
          onChange={(event) => onChange({ ...options, segmentation: event.target.checked })}
        />
        {t.segmentation}
      </label>
      <FormField label={t.threshold} hint={t.thresholdHint} problem={problem}>
        {(attributes) => (
          <input
            {...attributes}
            inputMode="decimal"
            value={options.threshold}
            onChange={(event) => onChange({ ...options, threshold: event.target.value })}
          />
        )}
      </FormField>
    </details>
  );
}
