import { memo } from "react";
import { closed } from "../../../live/bidi";
import { useWords } from "../i18n/words";
import { type Column, fieldOf } from "./columns";
import styles from "./RunTable.module.css";
import { TABLE_WORDS } from "./tableWords";

interface Props {
  columns: readonly Column[];
  sort: string;
  isDescending: boolean;
  onSort(field: string): void;
}

/** The titles of the columns; a click sorts by one. */
export const TableHead = memo(function TableHead({ columns, ...sorting }: Props) {
  const t = useWords(TABLE_WORDS);
  const kinds = { metrics: t.metric, params: t.param, tags: t.tag };
  return (
    <thead>
      <tr aria-rowindex={1}>
        <HeadCell field="attributes.run_name" title={t.name} {...sorting} />
        <HeadCell field="attributes.status" title={t.status} {...sorting} />
        <HeadCell field="attributes.start_time" title={t.start_time} {...sorting} />
        <HeadCell field="attributes.duration" title={t.duration} {...sorting} />
        {columns.map((column) => (
          <HeadCell
            key={fieldOf(column)}
            field={fieldOf(column)}
            title={column.name}
            kind={kinds[column.kind]}
            {...sorting}
          />
        ))}
      </tr>
    </thead>
  );
});

interface CellProps extends Omit<Props, "columns"> {
  field: string;
  title: string;
  kind?: string;
}

function HeadCell({ field, title, kind, sort, isDescending, onSort }: CellProps) {
  const isSorted = sort === field;
  return (
    <th scope="col" aria-sort={isSorted ? (isDescending ? "descending" : "ascending") : undefined}>
      <button type="button" className={styles.sort} onClick={() => onSort(field)} title={title}>
        <span className={styles.title}>
          {kind && <small>{kind}</small>}
          <bdi>{closed(title)}</bdi>
        </span>
        <span aria-hidden="true" className={styles.arrow}>
          {isSorted ? (isDescending ? "▼" : "▲") : ""}
        </span>
      </button>
    </th>
  );
}
