import { useDeferredValue, useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { LongText } from "../../ui/LongText";
import { Empty } from "../../ui/Section";
import { ShowMore } from "../../ui/ShowMore";
import table from "../Table.module.css";
import { columnsNamed, type TableColumn } from "./columns";
import { kindName, kindWords } from "./kindWords";

const texts = words(
  {
    search: "Find a column",
    shown: (shown: string, all: string) => `${shown} of ${all} columns`,
    cut: (described: string, all: string) =>
      `The first ${described} of ${all} columns are described.`,
    none: "No column matches.",
    table: "Table of the columns",
    column: "Column",
    kind: "Taken for",
    missing: "Missing",
    distinct: "Distinct",
    notes: "Notes",
  },
  {
    fr: {
      search: "Chercher une colonne",
      shown: (shown, all) => `${shown} colonnes sur ${all}`,
      cut: (described, all) => `Les ${described} premières colonnes sur ${all} sont décrites.`,
      none: "Aucune colonne ne correspond.",
      table: "Tableau des colonnes",
      column: "Colonne",
      kind: "Prise pour",
      missing: "Manquants",
      distinct: "Distincts",
      notes: "Remarques",
    },
  },
);

const AT_ONCE = 25;

interface Props {
  columns: readonly TableColumn[];
  /** Of the table, of which only the first may be described. */
  numColumns: number;
}

export function ColumnTable({ columns, numColumns }: Props) {
  const t = useWords(texts);
  const kinds = useWords(kindWords);
  const { whole } = useFormats();
  const [search, setSearch] = useState("");
  const [limit, setLimit] = useState(AT_ONCE);
  const wanted = useDeferredValue(search);
  const found = useMemo(() => columnsNamed(columns, wanted), [columns, wanted]);
  const shown = found.slice(0, limit);
  return (
    <div className={table.part}>
      <div className={table.head}>
        <input
          type="search"
          value={search}
          placeholder={t.search}
          aria-label={t.search}
          onChange={(event) => {
            setSearch(event.target.value);
            setLimit(AT_ONCE);
          }}
        />
        <span role="status">{t.shown(whole(shown.length), whole(found.length))}</span>
        {columns.length < numColumns && (
          <span>{t.cut(whole(columns.length), whole(numColumns))}</span>
        )}
      </div>
      {found.length === 0 ? (
        <Empty>{t.none}</Empty>
      ) : (
        <section className={table.scroller} tabIndex={0} aria-label={t.table}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t.column}</th>
                <th scope="col">{t.kind}</th>
                <th scope="col" className={table.number}>
                  {t.missing}
                </th>
                <th scope="col" className={table.number}>
                  {t.distinct}
                </th>
                <th scope="col">{t.notes}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((column) => (
                <tr key={column.name}>
                  <th scope="row">
                    <LongText text={column.name} />
                  </th>
                  <td>
                    {kindName(kinds, column.kind)}
                    {column.unit && ` (${column.unit})`}
                  </td>
                  <td className={table.number}>{whole(column.numMissing)}</td>
                  <td className={table.number}>{whole(column.numDistinct)}</td>
                  <td lang="en" className={table.long}>
                    {column.notes.length > 0 && <LongText text={column.notes.join(" ")} />}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <ShowMore
        left={found.length - limit}
        step={4 * AT_ONCE}
        onMore={() => setLimit(limit + 4 * AT_ONCE)}
      />
    </div>
  );
}
