import {
  type CSSProperties,
  type KeyboardEvent,
  memo,
  type SyntheticEvent,
  useCallback,
  useLayoutEffect,
  useRef,
} from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import styles from "./ConfusionMatrix.module.css";
import {
  type Cell,
  type CellText,
  type Confusion,
  moved,
  nameAt,
  narrowCount,
  narrowPercent,
  shadeOf,
} from "./confusion";

const texts = words(
  { truth: "Truth", predicted: "Prediction", others: (count: string) => `${count} others` },
  { fr: { truth: "Vérité", predicted: "Prédiction", others: (count) => `${count} autres` } },
);

/** Up to this number of classes the cells are larger. */
const FEW = 12;

interface Props {
  title: string;
  confusion: Confusion;
  cells: CellText;
  /** Id of the element that describes the active cell. */
  readoutId: string;
  onActive(cell: Cell | null): void;
}

/** The table of cells: one tab stop, in which the arrow keys move.

The many cells are rendered once per epoch; highlighting one bypasses React. */
export const MatrixGrid = memo(function MatrixGrid(props: Props) {
  const { title, confusion, cells, readoutId, onActive } = props;
  const t = useWords(texts);
  const { whole } = useFormats();
  const table = useRef<HTMLTableElement>(null);
  const home = useRef<Cell>({ row: 0, column: 0 });
  const size = confusion.classes.length;
  const nameOf = (index: number): string => nameAt(confusion, index, (n) => t.others(whole(n)));

  /** Makes `cell` the one that Tab focuses. */
  const settle = useCallback((cell: Cell) => {
    const before = cellElement(table.current, home.current);
    before?.setAttribute("tabindex", "-1");
    before?.removeAttribute("aria-describedby");
    home.current = cell;
    cellElement(table.current, cell)?.setAttribute("tabindex", "0");
  }, []);

  useLayoutEffect(() => {
    const { row, column } = home.current;
    settle({ row: Math.min(row, size - 1), column: Math.min(column, size - 1) });
  }, [settle, size]);

  const mark = useCallback(
    (cell: Cell | null) => {
      markHeaders(table.current, cell);
      onActive(cell);
    },
    [onActive],
  );

  const onFocus = useCallback(
    ({ target }: SyntheticEvent) => {
      const cell = cellOf(target);
      if (cell) {
        settle(cell);
        (target as Element).setAttribute("aria-describedby", readoutId);
        mark(cell);
      }
    },
    [mark, settle, readoutId],
  );

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      const from = cellOf(event.target);
      const isPlain = !event.altKey && !event.shiftKey;
      const isToEdge = event.ctrlKey || event.metaKey;
      const to = from && isPlain ? moved(from, event.key, isToEdge, size) : null;
      if (to) {
        event.preventDefault();
        cellElement(table.current, to)?.focus();
      }
    },
    [size],
  );

  // The same width for counts and percentages, so that switching moves nothing.
  const numDigits = Math.max(3, narrowCount(confusion.largest).length);
  return (
    <table
      ref={table}
      // ARIA calls a table with keyboard navigation a grid.
      role="grid"
      className={styles.matrix}
      data-few={size <= FEW || undefined}
      style={{ "--digits": numDigits, "--size": size } as CSSProperties}
      onFocus={onFocus}
      onBlur={() => mark(null)}
      onKeyDown={onKeyDown}
      onPointerOver={({ target }) => {
        const cell = cellOf(target);
        if (cell) {
          mark(cell);
        }
      }}
      onPointerLeave={({ currentTarget }) => {
        const focused = document.activeElement;
        mark(currentTarget.contains(focused) ? cellOf(focused) : null);
      }}
    >
      <caption className="visually-hidden">{title}</caption>
      <thead>
        <tr>
          <th scope="col" className={styles.corner}>
            <span className={styles.ofColumns}>{t.predicted} →</span>
            <span className={styles.ofRows}>{t.truth} ↓</span>
          </th>
          {confusion.classes.map(({ index }, column) => (
            <th key={index ?? "others"} scope="col" title={nameOf(column)}>
              <span className={styles.upright}>{nameOf(column)}</span>
              <span className={styles.index}>{index ?? "…"}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {confusion.classes.map(({ index }, row) => (
          <tr key={index ?? "others"}>
            <th scope="row" title={nameOf(row)}>
              <span className={styles.rowHead}>
                <span className={styles.index}>{index ?? "…"}</span>
                <span className={styles.name}>{nameOf(row)}</span>
              </span>
            </th>
            {cellsOf(confusion, row, cells)}
          </tr>
        ))}
      </tbody>
    </table>
  );
});

function cellsOf({ classes, counts, supports, largest }: Confusion, row: number, cells: CellText) {
  const support = supports[row] ?? 0;
  return classes.map(({ index }, column) => {
    const count = counts[row]?.[column] ?? 0;
    const share = support > 0 ? count / support : null;
    const isRight = row === column;
    const text = cells === "counts" ? narrowCount(count) : narrowPercent(share);
    // Zeros are left blank, since hundreds of them would hide the errors, except on the diagonal.
    const isBlank = count === 0 && !isRight;
    const shade = shadeOf(cells === "counts" ? count / Math.max(1, largest) : share);
    return (
      <td
        key={index ?? "others"}
        tabIndex={-1}
        className={isRight ? styles.right : undefined}
        aria-label={isBlank ? "0" : undefined}
        style={shade > 0 ? ({ "--shade": shade.toFixed(3) } as CSSProperties) : undefined}
      >
        {isBlank ? "" : text}
      </td>
    );
  });
}

function cellOf(target: EventTarget | null): Cell | null {
  const cell = target instanceof Element ? target.closest("td") : null;
  const row = cell?.parentElement;
  if (!cell || !(row instanceof HTMLTableRowElement)) {
    return null;
  }
  return { row: row.sectionRowIndex, column: cell.cellIndex - 1 };
}

function cellElement(table: HTMLTableElement | null, { row, column }: Cell) {
  return table?.tBodies[0]?.rows[row]?.cells[column + 1];
}

function markHeaders(table: HTMLTableElement | null, cell: Cell | null): void {
  for (const marked of table?.querySelectorAll("th[data-active]") ?? []) {
    marked.removeAttribute("data-active");
  }
  if (cell) {
    table?.tBodies[0]?.rows[cell.row]?.cells[0]?.setAttribute("data-active", "");
    table?.tHead?.rows[0]?.cells[cell.column + 1]?.setAttribute("data-active", "");
  }
}
