import { useId, useMemo } from "react";
import type { EpochDetails } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { useMetricCatalog } from "../../metrics/useMetricCatalog";
import { Button } from "../../ui/Button";
import { EpochField } from "./EpochField";
import styles from "./EpochPicker.module.css";
import { isEvaluated, nearest } from "./epochs";

const texts = words(
  {
    group: "Evaluation shown",
    epoch: "Epoch",
    ofNewest: (newest: string) => `of ${newest}`,
    notEvaluated: "(not evaluated)",
    position: (epoch: string, newest: string) => `Epoch ${epoch} of ${newest}`,
    previous: "Previous epoch",
    next: "Next epoch",
    noPrevious: "This is the first epoch",
    noNext: "This is the newest epoch",
    latest: "Latest",
    follows: "Follows the newest evaluation as the training goes on",
    cut: (shown: string, total: string) =>
      `The newest ${shown} of ${total} epochs can be picked here.`,
  },
  {
    fr: {
      group: "Évaluation affichée",
      epoch: "Époque",
      ofNewest: (newest) => `sur ${newest}`,
      notEvaluated: "(non évaluée)",
      position: (epoch, newest) => `Époque ${epoch} sur ${newest}`,
      previous: "Époque précédente",
      next: "Époque suivante",
      noPrevious: "C’est la première époque",
      noNext: "C’est l’époque la plus récente",
      latest: "Dernière",
      follows: "Suit l’évaluation la plus récente au fil de l’entraînement",
      cut: (shown, total) =>
        `Seules les ${shown} époques les plus récentes, sur ${total}, peuvent être choisies ici.`,
    },
  },
);

interface Props {
  epochs: readonly EpochDetails[];
  /** Number of epochs of the run, which may be larger. */
  total: number;
  epoch: number;
  /** Whether the newest evaluation is always shown. */
  isFollowing: boolean;
  onPick(epoch: number): void;
  onFollow(): void;
}

/** Picks the epoch whose evaluation is shown: by slider, buttons or number, or always the newest. */
export function EpochPicker({ epochs, total, epoch, isFollowing, onPick, onFollow }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const catalog = useMetricCatalog((state) => state.catalog);
  const sliderId = useId();
  const index = epochs.findIndex((each) => each.epoch === nearest(epochs, epoch)?.epoch);
  const last = epochs.at(-1);
  const newest = whole(last?.epoch);
  // Whether the newest epoch is not evaluated yet, while others are.
  const isAhead = useMemo(
    () =>
      last !== undefined &&
      !isEvaluated(last, catalog) &&
      epochs.some((each) => isEvaluated(each, catalog)),
    [epochs, last, catalog],
  );
  const pickAt = (at: number): void => {
    const found = epochs[at];
    if (found) {
      onPick(found.epoch);
    }
  };
  return (
    // Browsers lay out a fieldset differently.
    <div className={styles.picker} role="group" aria-label={t.group}>
      <label className={styles.label} htmlFor={sliderId}>
        {t.epoch}
      </label>
      <span className={styles.number}>
        <EpochField label={t.epoch} epochs={epochs} value={epoch} onPick={onPick} />
        <span>
          {t.ofNewest(newest)} {isAhead && <span className={styles.note}>{t.notEvaluated}</span>}
        </span>
      </span>
      <span className={styles.slide}>
        <Button
          aria-label={t.previous}
          whyNot={index > 0 ? undefined : t.noPrevious}
          onClick={() => pickAt(index - 1)}
        >
          <span aria-hidden="true">‹</span>
        </Button>
        <input
          id={sliderId}
          type="range"
          min="0"
          max={Math.max(0, epochs.length - 1)}
          value={index}
          aria-valuetext={t.position(whole(epoch), newest)}
          onChange={(event) => pickAt(Number(event.target.value))}
        />
        <Button
          aria-label={t.next}
          whyNot={index < epochs.length - 1 ? undefined : t.noNext}
          onClick={() => pickAt(index + 1)}
        >
          <span aria-hidden="true">›</span>
        </Button>
      </span>
      <Button
        className={styles.latest}
        aria-pressed={isFollowing}
        title={t.follows}
        onClick={onFollow}
      >
        <span aria-hidden="true">{isFollowing ? "●" : "○"}</span>
        {t.latest}
      </Button>
      {total > epochs.length && (
        <p className={styles.cut}>{t.cut(whole(epochs.length), whole(total))}</p>
      )}
    </div>
  );
}
