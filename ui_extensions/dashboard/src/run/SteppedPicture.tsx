import { useId, useState } from "react";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import type { SteppedImages } from "./loggedImages";
import { Picture } from "./Picture";
import type { StepPicture } from "./pictures/Viewer";
import styles from "./SteppedPicture.module.css";

const texts = words(
  {
    step: (step: string) => `Step ${step}`,
    newest: (step: string) => `Step ${step}, newest`,
    slider: (key: string) => `Step of ${key}`,
    several: (place: string, count: string) => `${place} of ${count}`,
  },
  {
    fr: {
      step: (step) => `Pas ${step}`,
      newest: (step) => `Pas ${step}, le plus récent`,
      slider: (key) => `Pas de ${key}`,
      several: (place, count) => `${place} sur ${count}`,
    },
  },
);

/** The picture at this place in each step that has so many. */
function overSteps({ steps }: SteppedImages, index: number): StepPicture[] {
  return steps.flatMap(({ step, images }) => {
    const path = images[index]?.path;
    return path === undefined ? [] : [{ step, path }];
  });
}

/** The pictures of one key: of the chosen step, else of the newest. */
export function SteppedPicture({ runId, images }: { runId: string; images: SteppedImages }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const sliderId = useId();
  const [chosenStep, setChosenStep] = useState<number | null>(null);
  const { key, steps } = images;
  const last = steps.length - 1;
  const found = chosenStep === null ? -1 : steps.findIndex(({ step }) => step === chosenStep);
  const place = found < 0 ? last : found;
  const shown = steps[place];
  if (!shown) {
    return null;
  }
  const isWide = steps.some(({ images: ofStep }) => ofStep.length > 1);
  const label = (place === last && last > 0 ? t.newest : t.step)(whole(shown.step));
  return (
    <div className={`${styles.stepped} ${isWide ? styles.wide : ""}`}>
      <div className={styles.pictures}>
        {shown.images.map((image, index) => (
          <Picture
            key={image.path}
            runId={runId}
            image={image}
            name={`${key}, ${label}`}
            steps={{ key, pictures: overSteps(images, index) }}
          >
            {index === 0 && <strong>{key}</strong>}
            {shown.images.length > 1 &&
              ` ${t.several(whole(index + 1), whole(shown.images.length))}`}
          </Picture>
        ))}
      </div>
      <label htmlFor={sliderId} className={styles.step}>
        {label}
      </label>
      {last > 0 && (
        <input
          id={sliderId}
          type="range"
          min={0}
          max={last}
          value={place}
          aria-label={t.slider(key)}
          aria-valuetext={label}
          onChange={(event) => {
            const index = Number(event.target.value);
            // At the newest step the slider follows newer ones.
            setChosenStep(index === last ? null : (steps[index]?.step ?? null));
          }}
        />
      )}
    </div>
  );
}
