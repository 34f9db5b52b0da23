import { useId } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import styles from "./Samples.module.css";

const texts = words(
  { position: (step: string, newest: string) => `Step ${step} of ${newest}` },
  { fr: { position: (step, newest) => `Pas ${step} sur ${newest}` } },
);

interface Props {
  label: string;
  /** Ascending. */
  steps: readonly number[];
  step: number;
  onPick(step: number): void;
}

/** A slider over steps that are not evenly spaced: each arrow key moves to the next one. */
export function StepSlider({ label, steps, step, onPick }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const id = useId();
  return (
    <div className={styles.slider}>
      <label htmlFor={id}>
        {label} <output htmlFor={id}>{whole(step)}</output>
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={steps.length - 1}
        value={steps.indexOf(step)}
        aria-label={label}
        aria-valuetext={t.position(whole(step), whole(steps.at(-1)))}
        onChange={(event) => {
          const picked = steps[Number(event.target.value)];
          if (picked !== undefined) {
            onPick(picked);
          }
        }}
      />
    </div>
  );
}
