import { type CSSProperties, memo, useDeferredValue, useId, useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useLanguage } from "../../i18n/language";
import { useWords, words } from "../../i18n/words";
import { useAddressText } from "../../ui/addressState";
import { Empty } from "../../ui/Section";
import { ShowMore } from "../../ui/ShowMore";
import { ClassName } from "./ClassName";
import styles from "./ClassTable.module.css";
import { type ClassRow, type Column, named, type Order, sorted, WEAKEST_FIRST } from "./classRows";

const texts = words(
  {
    table: "Recall and other scores by class",
    search: "Find a class",
    found: (found: string, all: string) => `${found} of ${all} classes`,
    all: (count: number, all: string) => `${all} ${count === 1 ? "class" : "classes"}`,
    noMatch: "No class matches.",
    undefined: "undefined",
    noCases: "no cases",
    recallAlone: "Only the recall was logged; an evaluation adds the other scores.",
    name: "Class",
    recall: "Recall",
    support: "Support",
    precision: "Precision",
    f1: "F1",
    specificity: "Specificity",
    aucRoc: "AUROC",
  },
  {
    fr: {
      table: "Rappel et autres scores par classe",
      search: "Chercher une classe",
      found: (found, all) => `${found} classes sur ${all}`,
      all: (count, all) => `${all} ${count > 1 ? "classes" : "classe"}`,
      noMatch: "Aucune classe ne correspond.",
      undefined: "indéfini",
      noCases: "aucun cas",
      recallAlone:
        "Seul le rappel a été enregistré\u00a0; les autres scores viennent avec une évaluation.",
      name: "Classe",
      recall: "Rappel",
      support: "Effectif",
      precision: "Précision",
      f1: "F1",
      specificity: "Spécificité",
      aucRoc: "AUROC",
    },
  },
);

const COLUMNS: readonly Column[] = [
  "name",
  "recall",
  "support",
  "precision",
  "f1",
  "specificity",
  "aucRoc",
];
const RECALL_ALONE: readonly Column[] = ["name", "recall"];
const AT_ONCE = 200;

interface Props {
  rows: readonly ClassRow[];
  hasReport: boolean;
}

export const ClassTable = memo(function ClassTable({ rows, hasReport }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const countId = useId();
  const [order, setOrder] = useState<Order>(WEAKEST_FIRST);
  const [search, setSearch] = useAddressText("class");
  const [limit, setLimit] = useState(AT_ONCE);
  const wanted = useDeferredValue(search);
  const columns = hasReport ? COLUMNS : RECALL_ALONE;
  // Sorting by a column that is not shown falls back to the default.
  const { column, isDescending } = columns.includes(order.column) ? order : WEAKEST_FIRST;
  const found = useMemo(
    () => sorted(named(rows, wanted), { column, isDescending }),
    [rows, wanted, column, isDescending],
  );
  const left = found.length - limit;
  return (
    <>
      <div className={styles.head}>
        <input
          type="search"
          value={search}
          placeholder={t.search}
          aria-label={t.search}
          aria-describedby={countId}
          onChange={(event) => setSearch(event.target.value)}
        />
        <span id={countId} role="status">
          {found.length < rows.length
            ? t.found(whole(found.length), whole(rows.length))
            : t.all(rows.length, whole(rows.length))}
        </span>
      </div>
      {!hasReport && <p className={styles.note}>{t.recallAlone}</p>}
      {found.length === 0 ? (
        <Empty>{t.noMatch}</Empty>
      ) : (
        // A scrolling region must be reachable by keyboard.
        <section className={styles.scroller} tabIndex={0} aria-label={t.table}>
          <table className={styles.table} data-narrow={!hasReport || undefined}>
            <thead>
              <tr>
                {columns.map((each) => (
                  <Head
                    key={each}
                    label={t[each]}
                    isNumber={each !== "name"}
                    direction={each === column ? (isDescending ? "descending" : "ascending") : null}
                    onSort={() => {
                      setOrder({ column: each, isDescending: each === column && !isDescending });
                      setLimit(AT_ONCE);
                    }}
                  />
                ))}
              </tr>
            </thead>
            <tbody>
              {found.slice(0, limit).map((row) => (
                <Row key={row.index ?? row.name} row={row} hasReport={hasReport} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      <ShowMore left={left} step={AT_ONCE} onMore={() => setLimit((before) => before + AT_ONCE)} />
    </>
  );
});

interface HeadProps {
  label: string;
  isNumber: boolean;
  direction: "ascending" | "descending" | null;
  onSort(): void;
}

function Head({ label, isNumber, direction, onSort }: HeadProps) {
  return (
    <th
      scope="col"
      className={isNumber ? styles.number : undefined}
      aria-sort={direction ?? undefined}
    >
      <button type="button" onClick={onSort}>
        {label}
        <span className={styles.arrow} aria-hidden="true">
          {direction === null ? "↕" : direction === "ascending" ? "▲" : "▼"}
        </span>
      </button>
    </th>
  );
}

function Row({ row, hasReport }: { row: ClassRow; hasReport: boolean }) {
  const t = useWords(texts);
  const { percent, whole } = useFormats();
  const decimal = useDecimal();
  const { index, name, recall, support } = row;
  return (
    <tr>
      <th scope="row">
        <span className={styles.class}>
          {index !== null && <span className={styles.index}>{index}</span>}
          <span className={styles.name}>
            <ClassName name={name} />
          </span>
        </span>
      </th>
      <td className={styles.recall}>
        <span className={styles.meter}>
          <span className={styles.bar} aria-hidden="true">
            {recall !== null && (
              <span
                className={styles.fill}
                style={{ "--share": Math.min(1, Math.max(0, recall)) } as CSSProperties}
              />
            )}
          </span>
          {recall === null ? (
            <span className={styles.none}>{support === 0 ? t.noCases : t.undefined}</span>
          ) : (
            <span>{percent(recall)}</span>
          )}
        </span>
      </td>
      {hasReport && (
        <>
          <td>{whole(support)}</td>
          <td>{percent(row.precision)}</td>
          <td>{percent(row.f1)}</td>
          <td>{percent(row.specificity)}</td>
          <td>{decimal(row.aucRoc)}</td>
        </>
      )}
    </tr>
  );
}

/** Formats with exactly three decimals, so that a column aligns. */
function useDecimal(): (value: number | null) => string {
  const locale = useLanguage((choice) => choice.locale);
  return useMemo(() => {
    const format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: 3,
      maximumFractionDigits: 3,
    });
    return (value) => (value === null ? "–" : format.format(value));
  }, [locale]);
}
