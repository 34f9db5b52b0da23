import { memo } from "react";
import { Link } from "wouter";
import { closed } from "../../../live/bidi";
import type { RunRow } from "../../../live/schemas";
import { NOTHING, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { runPath } from "../ui/hashLocation";
import { StatusBadge } from "../ui/StatusBadge";
import type { Column } from "./columns";
import styles from "./RunTable.module.css";
import { TABLE_WORDS } from "./tableWords";

const texts = words(
  {
    tick: (name: string) => `Select ${name}`,
    full: (most: string) => `At most ${most} runs can be compared`,
    open: (name: string, count: string) => `Show the ${count} child runs of ${name}`,
    close: (name: string) => `Hide the child runs of ${name}`,
  },
  {
    fr: {
      tick: (name) => `Sélectionner ${name}`,
      full: (most) => `On peut comparer au plus ${most} entraînements`,
      open: (name, count) => `Afficher les ${count} sous-entraînements de ${name}`,
      close: (name) => `Masquer les sous-entraînements de ${name}`,
    },
  },
);

/** The columns that every table of runs has: name, status, start and duration. */
export const NUM_FIXED = 4;

interface Props {
  /** Place in the whole table, of which most rows are not in the document. */
  rowIndex: number;
  /** Undefined while its page is not loaded. */
  run: RunRow | undefined;
  depth: number;
  columns: readonly Column[];
  isOpen: boolean;
  onToggle(runId: string): void;
  isTicked: boolean;
  isFull: boolean;
  most: number;
  onTick(runId: string, isTicked: boolean): void;
}

/** A scroll moves rows in and out; those that stay are not drawn again. */
export const TableRow = memo(function TableRow({ rowIndex, columns, run, ...ofRun }: Props) {
  return (
    <tr aria-rowindex={rowIndex} data-ticked={ofRun.isTicked || undefined}>
      {run ? (
        <>
          <NameCell run={run} {...ofRun} />
          <Cells run={run} columns={columns} />
        </>
      ) : (
        <td colSpan={NUM_FIXED + columns.length} aria-busy="true">
          …
        </td>
      )}
    </tr>
  );
});

type NameProps = Omit<Props, "rowIndex" | "columns" | "run"> & { run: RunRow };

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
