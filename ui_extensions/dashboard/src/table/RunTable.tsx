import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { Link } from "wouter";
import { closed } from "../../../live/bidi";
import type { RunRow } from "../../../live/schemas";
import { NOTHING, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { runPath } from "../ui/hashLocation";
import { StatusBadge } from "../ui/StatusBadge";
import { type Column, fieldOf } from "./columns";
import { flatRows } from "./flatRows";
import styles from "./RunTable.module.css";
import { TABLE_WORDS } from "./tableWords";
import type { TablePages } from "./useTablePages";

const texts = words(
  {
    label: "Runs",
    tick: (name: string) => `Select ${name}`,
    full: (most: string) => `At most ${most} runs can be compared`,
    open: (name: string, count: string) => `Show the ${count} child runs of ${name}`,
    close: (name: string) => `Hide the child runs of ${name}`,
  },
  {
    fr: {
      label: "Entraînements",
      tick: (name) => `Sélectionner ${name}`,
      full: (most) => `On peut comparer au plus ${most} entraînements`,
      open: (name, count) => `Afficher les ${count} sous-entraînements de ${name}`,
      close: (name) => `Masquer les sous-entraînements de ${name}`,
    },
  },
);

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
  const shared = useWords(TABLE_WORDS);
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
  useEffect(() => {
    show(rows[first]?.index ?? 0, rows[last]?.index ?? 0);
    onShown(rows.slice(first, last + 1).flatMap(({ run }) => (run ? [run.run_id] : [])));
  }, [show, onShown, rows, first, last]);

  const head = (field: string, title: string, kind = "") => (
    <th
      key={field}
      scope="col"
      aria-sort={sort === field ? (isDescending ? "descending" : "ascending") : undefined}
    >
      <button type="button" className={styles.sort} onClick={() => onSort(field)} title={title}>
        <span className={styles.title}>
          {kind && <small>{kind}</small>}
          <bdi>{closed(title)}</bdi>
        </span>
        <span aria-hidden="true" className={styles.arrow}>
          {sort === field ? (isDescending ? "▼" : "▲") : ""}
        </span>
      </button>
    </th>
  );

  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const numColumns = 1 + FIXED.length + columns.length;
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
        <thead>
          <tr aria-rowindex={1}>
            {head("attributes.run_name", shared.name)}
            {head("attributes.status", shared.status)}
            {head("attributes.start_time", shared.start_time)}
            {head("attributes.duration", shared.duration)}
            {columns.map((column) =>
              head(
                fieldOf(column),
                column.name,
                { metrics: shared.metric, params: shared.param, tags: shared.tag }[column.kind],
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Space height={before} width={numColumns} />}
          {items.map(({ index }) => {
            const { run, depth } = rows[index] ?? { run: undefined, depth: 0 };
            const isTicked = run !== undefined && ticked.includes(run.run_id);
            return (
              <tr
                key={run ? `${depth} ${run.run_id}` : index}
                aria-rowindex={index + 2}
                data-ticked={isTicked || undefined}
              >
                {run ? (
                  <>
                    <NameCell
                      run={run}
                      depth={depth}
                      isOpen={pages.childrenOf.has(run.run_id)}
                      onToggle={pages.toggle}
                      isTicked={isTicked}
                      isFull={ticked.length >= most}
                      most={most}
                      onTick={onTick}
                    />
                    <Cells run={run} columns={columns} />
                  </>
                ) : (
                  <td colSpan={numColumns} aria-busy="true">
                    …
                  </td>
                )}
              </tr>
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

interface NameProps {
  run: RunRow;
  depth: number;
  isOpen: boolean;
  onToggle(runId: string): void;
  isTicked: boolean;
  isFull: boolean;
  most: number;
  onTick(runId: string, isTicked: boolean): void;
}

function NameCell({ run, depth, isOpen, onToggle, isTicked, isFull, most, onTick }: NameProps) {
  const t = useWords(texts);
  const shared = useWords(TABLE_WORDS);
  const { whole } = useFormats();
  const name = run.run_name || shared.unnamed;
  const isOff = isFull && !isTicked;
  return (
    <th scope="row" className={styles.name}>
      <span className={styles.nameParts} style={{ paddingInlineStart: `${Math.min(depth, 6)}rem` }}>
        <input
          type="checkbox"
          aria-label={t.tick(name)}
          title={isOff ? t.full(whole(most)) : undefined}
          disabled={isOff}
          checked={isTicked}
          onChange={(event) => onTick(run.run_id, event.target.checked)}
        />
        {run.num_children > 0 && (
          <button
            type="button"
            className={styles.toggle}
            aria-expanded={isOpen}
            aria-label={isOpen ? t.close(name) : t.open(name, whole(run.num_children))}
            onClick={() => onToggle(run.run_id)}
          >
            {isOpen ? "▾" : "▸"} {whole(run.num_children)}
          </button>
        )}
        <Link href={runPath(run.run_id)} title={name} className={styles.link}>
          <bdi>{closed(name)}</bdi>
        </Link>
      </span>
    </th>
  );
}

function Cells({ run, columns }: { run: RunRow; columns: readonly Column[] }) {
  const { metric, date, duration } = useFormats();
  return (
    <>
      <td>
        <StatusBadge status={run.status} />
      </td>
      <td>{date(run.start_time)}</td>
      <td>{duration(run.duration_s)}</td>
      {columns.map(({ kind, name }) => {
        if (kind === "metrics") {
          const value = run.metrics?.[name];
          const shown = value === null ? run.not_finite?.[name] : metric(value);
          return (
            <td key={`metrics ${name}`} className={styles.number} title={shownTitle(value)}>
              {shown ?? NOTHING}
            </td>
          );
        }
        const text = (kind === "params" ? run.params : run.tags)?.[name];
        return (
          <td key={`${kind} ${name}`} title={text}>
            {text === undefined ? NOTHING : <bdi>{closed(text)}</bdi>}
          </td>
        );
      })}
    </>
  );
}

/** All digits of a number. */
function shownTitle(value: number | null | undefined): string | undefined {
  return typeof value === "number" ? String(value) : undefined;
}
