import { useId, useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { shortName } from "../../ui/shortName";
import styles from "./ConfusionMatrix.module.css";
import {
  type Cell,
  type CellText,
  confusionOf,
  countAt,
  largestError,
  nameAt,
  shareAt,
} from "./confusion";
import { MatrixGrid } from "./MatrixGrid";

const texts = words(
  {
    title: (epoch: string) => `Confusion matrix of epoch ${epoch}: truth by prediction`,
    titleOfRows: "Confusion matrix: truth by prediction",
    cells: "Cells show",
    counts: "Counts",
    shares: "% of row",
    summary: (right: string, all: string, share: string, epoch: string) =>
      `Epoch ${epoch}: ${right} of ${all} images classified correctly (${share}).`,
    summaryOfRows: (right: string, all: string, share: string) =>
      `${right} of ${all} rows classified correctly (${share}).`,
    nothing: (epoch: string) => `Epoch ${epoch}: no image was evaluated.`,
    nothingOfRows: "No row was evaluated.",
    legend: "Rows are the truth, columns the prediction.",
    right: "framed: correct",
    wrong: "any other number: errors",
    cut: (shown: string, rest: string) =>
      `The ${shown} classes with most errors; the other ${rest} are the last row and column.`,
    others: (count: string) => `${count} other classes`,
    recognised: (count: number, n: string, support: string, name: string, share: string) =>
      `${n} of ${support} ${name} ${count === 1 ? "was" : "were"} classified correctly (${share})`,
    confused: (
      count: number,
      n: string,
      all: string,
      truth: string,
      taken: string,
      share: string,
    ) =>
      `${n} of ${all} ${truth} ${count === 1 ? "was" : "were"} classified as ${taken} (${share})`,
    within: (count: number, n: string, all: string, name: string, share: string) =>
      `${n} of ${all} ${name} ${count === 1 ? "was" : "were"} classified as one of these (${share})`,
    unseen: (truth: string, taken: string) =>
      `Nothing of ${truth} in this evaluation, so nothing classified as ${taken}`,
    most: (what: string) => `Most frequent error: ${what}`,
    flawless: "No errors.",
    how: "Point at a cell, tap it, or move with the arrow keys to read it.",
  },
  {
    fr: {
      title: (epoch) => `Matrice de confusion de l’époque ${epoch}\u00a0: vérité et prédiction`,
      titleOfRows: "Matrice de confusion\u00a0: vérité et prédiction",
      cells: "Afficher",
      counts: "Nombres",
      shares: "% de la ligne",
      summary: (right, all, share, epoch) =>
        `Époque ${epoch}\u00a0: ${right} images bien classées sur ${all} (${share}).`,
      summaryOfRows: (right, all, share) => `${right} lignes bien classées sur ${all} (${share}).`,
      nothing: (epoch) => `Époque ${epoch}\u00a0: aucune image n’a été évaluée.`,
      nothingOfRows: "Aucune ligne n’a été évaluée.",
      legend: "Les lignes sont la vérité, les colonnes la prédiction.",
      right: "encadré\u00a0: correctes",
      wrong: "tout autre nombre\u00a0: erreurs",
      cut: (shown, rest) =>
        `Les ${shown} classes ayant le plus d’erreurs\u00a0; les ${rest} autres forment la dernière ligne et la dernière colonne.`,
      others: (count) => `${count} autres classes`,
      recognised: (count, n, support, name, share) =>
        `${n} ${name} sur ${support} ${count > 1 ? "ont été bien classées" : "a été bien classée"} (${share})`,
      confused: (count, n, all, truth, taken, share) =>
        `${n} ${truth} sur ${all} ${count > 1 ? "ont été classées" : "a été classée"} comme ${taken} (${share})`,
      within: (count, n, all, name, share) =>
        `${n} sur ${all} (${name}) ${count > 1 ? "ont été classées" : "a été classée"} parmi celles-ci (${share})`,
      unseen: (truth, taken) =>
        `Rien de ${truth} dans cette évaluation, donc rien de classé comme ${taken}`,
      most: (what) => `Erreur la plus fréquente\u00a0: ${what}`,
      flawless: "Aucune erreur.",
      how: "Pointez ou touchez une case, ou déplacez-vous avec les flèches, pour la lire.",
    },
  },
);

interface Props {
  /** Of images; null for the rows of a table, which are evaluated once. */
  epoch: number | null;
  classes: readonly string[];
  matrix: ReadonlyArray<readonly number[]>;
  cells: CellText;
  onCells(cells: CellText): void;
}

export function ConfusionMatrix({ epoch, classes, matrix, cells, onCells }: Props) {
  const t = useWords(texts);
  const { whole, percent } = useFormats();
  const [active, setActive] = useState<Cell | null>(null);
  const readoutId = useId();
  const confusion = useMemo(() => confusionOf(classes, matrix), [classes, matrix]);
  const worst = useMemo(() => largestError(confusion), [confusion]);
  const nameOf = (index: number): string => nameAt(confusion, index, (n) => t.others(whole(n)));
  const { numImages, numRight } = confusion;
  const size = confusion.classes.length;
  const numLeft = classes.length - size + 1;

  const sentence = (cell: Cell): string => {
    const count = countAt(confusion, cell);
    const share = shareAt(confusion, cell);
    const [truth, taken] = [shortName(nameOf(cell.row)), shortName(nameOf(cell.column))];
    if (share === null) {
      return t.unseen(truth, taken);
    }
    const all = whole(confusion.supports[cell.row]);
    const part = percent(share, digitsOf(share));
    if (cell.row !== cell.column) {
      return t.confused(count, whole(count), all, truth, taken, part);
    }
    const isGroup = confusion.classes[cell.row]?.index === null;
    return (isGroup ? t.within : t.recognised)(count, whole(count), all, truth, part);
  };
  const summary = (): string => {
    if (numImages === 0) {
      return epoch === null ? t.nothingOfRows : t.nothing(whole(epoch));
    }
    const share = percent(numRight / numImages, digitsOf(numRight / numImages));
    const [right, all] = [whole(numRight), whole(numImages)];
    return epoch === null
      ? t.summaryOfRows(right, all, share)
      : t.summary(right, all, share, whole(epoch));
  };
  // Another epoch may have other classes.
  const shown = active && active.row < size && active.column < size ? active : null;
  return (
    <>
      <div className={styles.head}>
        <p>{summary()}</p>
        <fieldset className={styles.choice}>
          <legend className="visually-hidden">{t.cells}</legend>
          {(["counts", "shares"] as const).map((choice) => (
            <label key={choice}>
              <input
                className="visually-hidden"
                type="radio"
                name={readoutId}
                checked={cells === choice}
                onChange={() => onCells(choice)}
              />
              <span>{t[choice]}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <div className={styles.scroller}>
        <MatrixGrid
          title={epoch === null ? t.titleOfRows : t.title(whole(epoch))}
          confusion={confusion}
          cells={cells}
          readoutId={readoutId}
          onActive={setActive}
        />
      </div>
      <p className={styles.readout} id={readoutId}>
        {shown ? (
          <strong>{sentence(shown)}</strong>
        ) : (
          <>
            <span>{worst ? t.most(sentence(worst)) : numImages > 0 && t.flawless}</span>{" "}
            <span className={styles.how}>{t.how}</span>
          </>
        )}
      </p>
      <p className={styles.legend}>
        <span>{t.legend}</span>
        <span>
          <span className={`${styles.swatch} ${styles.right}`} aria-hidden="true" />
          {t.right}
        </span>
        <span>
          <span className={`${styles.swatch} ${styles.wrong}`} aria-hidden="true" />
          {t.wrong}
        </span>
        {numLeft > 1 && <span>{t.cut(whole(size - 1), whole(numLeft))}</span>}
      </p>
    </>
  );
}

/** One digit where rounding would turn some into none, or almost all into all. */
function digitsOf(share: number): number {
  return (share > 0 && share < 0.095) || (share < 1 && share > 0.99) ? 1 : 0;
}
