// A confusion matrix for display: grouping, cell texts, shades and keyboard moves.

/** Beyond this number of classes, those with the fewest errors are grouped into one. */
export const MAX_CLASSES = 40;

export interface MatrixClass {
  /** Index of the model's output, from 0; null for the group of other classes. */
  index: number | null;
  name: string;
  /** Number of classes: more than 1 only for the group. */
  size: number;
}

export interface Confusion {
  classes: readonly MatrixClass[];
  /** Number of images; rows are the truth, columns the prediction. */
  counts: ReadonlyArray<readonly number[]>;
  /** Number of images per row. */
  supports: readonly number[];
  /** Largest count of a cell, the group left out. */
  largest: number;
  numImages: number;
  numRight: number;
}

/** Cells show numbers of images, or shares of the row. */
export type CellText = "counts" | "shares";

export interface Cell {
  row: number;
  column: number;
}

export function confusionOf(
  names: readonly string[],
  matrix: ReadonlyArray<readonly number[]>,
  most = MAX_CLASSES,
): Confusion {
  const classes = names.map((name, index) => ({ index, name, size: 1 }));
  if (names.length <= most) {
    return measured(classes, matrix, sum(names.map((_, index) => at(matrix, index, index))));
  }
  const kept = mostConfused(matrix, most - 1);
  const groupOf = new Map(kept.map((index, group) => [index, group]));
  const counts = Array.from({ length: most }, () => new Array<number>(most).fill(0));
  let numRight = 0;
  matrix.forEach((row, truth) => {
    const into = counts[groupOf.get(truth) ?? most - 1] as number[];
    row.forEach((count, predicted) => {
      const column = groupOf.get(predicted) ?? most - 1;
      into[column] = (into[column] as number) + count;
    });
    numRight += row[truth] ?? 0;
  });
  const others: MatrixClass = { index: null, name: "", size: names.length - kept.length };
  const shown = kept.map((index) => classes[index] as MatrixClass);
  return measured([...shown, others], counts, numRight);
}

function measured(
  classes: readonly MatrixClass[],
  counts: ReadonlyArray<readonly number[]>,
  numRight: number,
): Confusion {
  const supports = counts.map(sum);
  const single = classes.filter(({ index }) => index !== null).length;
  const largest = counts
    .slice(0, single)
    .reduce((most, row) => Math.max(most, ...row.slice(0, single)), 0);
  return { classes, counts, supports, largest, numImages: sum(supports), numRight };
}

/** The classes with the most errors, as truth or prediction, in their original order. */
function mostConfused(matrix: ReadonlyArray<readonly number[]>, most: number): number[] {
  const errors = matrix.map((row, index) => sum(row) - (row[index] ?? 0));
  matrix.forEach((row, truth) => {
    row.forEach((count, predicted) => {
      if (truth !== predicted) {
        errors[predicted] = (errors[predicted] ?? 0) + count;
      }
    });
  });
  return errors
    .map((count, index) => ({ count, index }))
    .sort((a, b) => b.count - a.count)
    .slice(0, most)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}

/** `others` names the group of other classes. */
export function nameAt(
  { classes }: Confusion,
  index: number,
  others: (size: number) => string,
): string {
  const found = classes[index];
  if (!found) {
    return "";
  }
  return found.index === null ? others(found.size) : found.name;
}

export function countAt({ counts }: Confusion, { row, column }: Cell): number {
  return at(counts, row, column);
}

/** The cell's share of the row's images; null if the row has none. */
export function shareAt(confusion: Confusion, cell: Cell): number | null {
  const support = confusion.supports[cell.row] ?? 0;
  return support > 0 ? countAt(confusion, cell) / support : null;
}

/** The lightest shade of a cell with images. */
const LEAST_SHADE = 0.2;

/** Shade of a cell, from 0 to 1; one image is visibly darker than none. */
export function shadeOf(part: number | null): number {
  return part === null || part <= 0
    ? 0
    : LEAST_SHADE + (1 - LEAST_SHADE) * Math.sqrt(Math.min(1, part));
}

const UNITS = ["", "k", "M", "G", "T", "P"];
/** A larger number has more digits than a cell has room for. */
const FAR_COUNT = 1e18;

/** A number in at most four characters, such as `12k`; in five from 1e18 on. */
export function narrowCount(count: number): string {
  if (count < 10_000) {
    return String(Math.round(count));
  }
  if (!(count < FAR_COUNT)) {
    return Number.isFinite(count) ? `1e${Math.floor(Math.log10(count))}` : "∞";
  }
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
  return `${Math.floor(count / 1000 ** power)}${UNITS[power]}`;
}

/** A share in whole percent: 0 only for none, 100 only for all. */
export function narrowPercent(share: number | null): string {
  if (share === null) {
    return "–";
  }
  const percent = Math.round(share * 100);
  if (share > 0 && percent === 0) {
    return "<1";
  }
  return share < 1 && percent === 100 ? ">99" : String(percent);
}

/** The most frequent confusion of two classes; null without errors. */
export function largestError({ classes, counts }: Confusion): Cell | null {
  const isSingle = (index: number): boolean => classes[index]?.index !== null;
  let found: Cell | null = null;
  let most = 0;
  counts.forEach((line, row) => {
    line.forEach((count, column) => {
      if (row !== column && count > most && isSingle(row) && isSingle(column)) {
        most = count;
        found = { row, column };
      }
    });
  });
  return found;
}

/** The cell to which a key moves in a grid of `size` rows and columns; null for other keys. */
export function moved(
  { row, column }: Cell,
  key: string,
  toEdge: boolean,
  size: number,
): Cell | null {
  const last = size - 1;
  switch (key) {
    case "ArrowUp":
      return { row: Math.max(0, row - 1), column };
    case "ArrowDown":
      return { row: Math.min(last, row + 1), column };
    case "ArrowLeft":
      return { row, column: Math.max(0, column - 1) };
    case "ArrowRight":
      return { row, column: Math.min(last, column + 1) };
    case "Home":
      return { row: toEdge ? 0 : row, column: 0 };
    case "End":
      return { row: toEdge ? last : row, column: last };
    case "PageUp":
      return { row: 0, column };
    case "PageDown":
      return { row: last, column };
    default:
      return null;
  }
}

function at(matrix: ReadonlyArray<readonly number[]>, row: number, column: number): number {
  return matrix[row]?.[column] ?? 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
