import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { useWords, words } from "../i18n/words";
import { type Column, fieldOf } from "./columns";
import { flatRows } from "./flatRows";
import styles from "./RunTable.module.css";
import { TableHead } from "./TableHead";
import { NUM_FIXED, TableRow } from "./TableRow";
import type { TablePages } from "./useTablePages";

const texts = words({ label: "Runs" }, { fr: { label: "Entraînements" } });

const ROW_PX = 40;
const OVERSCAN = 10;
const FIXED = ["attributes.status", "attributes.start_time", "attributes.duration"] as const;

interface Props {
  pages: TablePages;
  columns: readonly Column[];
  sort: string;
  isDescending: boolean;
  onSort(field: string): void;
  ticked: readonly string[];
  most: number;
  onTick(runId: string, isTicked: boolean): void;
  /** Called with the ids of the runs in view. */
  onShown(runIds: readonly string[]): void;
}

/** A table of which only the rows in view are in the document and loaded. */
export function RunTable(props: Props) {
  const { pages, columns, sort, isDescending, onSort, ticked, most, onTick, onShown } = props;
  const t = useWords(texts);
  const region = useRef<HTMLDivElement>(null);
  const rows = useMemo(
    () => flatRows(pages.total ?? 0, pages.runAt, pages.childrenOf),
    [pages.total, pages.runAt, pages.childrenOf],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => region.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const { show } = pages;
  useEffect(() => show(rows[first]?.index ?? 0, rows[last]?.index ?? 0), [show, rows, first, last]);
  const { isScrolling } = virtual;
  useEffect(() => {
    // The page draws itself again for it, which no frame of a scroll has time for.
    if (!isScrolling) {
      onShown(rows.slice(first, last + 1).flatMap(({ run }) => (run ? [run.run_id] : [])));
    }
  }, [isScrolling, onShown, rows, first, last]);
  const tickedIds = useMemo(() => new Set(ticked), [ticked]);

  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const numColumns = NUM_FIXED + columns.length;
  return (
    // A scrolling region must be reachable by keyboard.
    <div ref={region} className={styles.region} tabIndex={0} role="region" aria-label={t.label}>
      <table
        className={styles.table}
        aria-rowcount={rows.length + 1}
        style={{ "--columns": columns.length } as React.CSSProperties}
      >
        <colgroup>
          <col className={styles.nameColumn} />
          {FIXED.map((field) => (
            <col
              key={field}
              className={field === FIXED[1] ? styles.timeColumn : styles.fixedColumn}
            />
          ))}
          {columns.map((column) => (
            <col key={fieldOf(column)} className={styles.column} />
          ))}
        </colgroup>
        <TableHead columns={columns} sort={sort} isDescending={isDescending} onSort={onSort} />
        <tbody>
          {before > 0 && <Space height={before} width={numColumns} />}
          {items.map(({ index }) => {
            const { run, depth } = rows[index] ?? { run: undefined, depth: 0 };
            return (
              <TableRow
                key={run ? `${depth} ${run.run_id}` : index}
                rowIndex={index + 2}
                run={run}
                depth={depth}
                columns={columns}
                isOpen={run !== undefined && pages.childrenOf.has(run.run_id)}
                onToggle={pages.toggle}
                isTicked={run !== undefined && tickedIds.has(run.run_id)}
                isFull={ticked.length >= most}
                most={most}
                onTick={onTick}
              />
            );
          })}
          {after > 0 && <Space height={after} width={numColumns} />}
        </tbody>
      </table>
    </div>
  );
}

/** In place of the rows that are not in the document. */
function Space({ height, width }: { height: number; width: number }) {
  return (
    <tr aria-hidden="true" className={styles.space}>
      <td colSpan={width} style={{ height }} />
    </tr>
  );
}
