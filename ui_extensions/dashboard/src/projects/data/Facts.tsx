import { useMemo, useState } from "react";
import type { ProjectDetail } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Button } from "../../ui/Button";
import { LongText } from "../../ui/LongText";
import { Section } from "../../ui/Section";
import { columnsOf, kindCounts } from "./columns";
import { kindName, kindWords } from "./kindWords";
import styles from "./Facts.module.css";

const texts = words(
  {
    title: "What the server understood",
    table: "Table",
    size: (rows: string, columns: string) => `${rows} rows, ${columns} columns`,
    images: (count: string) => `${count} images`,
    types: "Types",
    target: "To be predicted",
    unknown: "not known yet",
    binary: "one of two classes",
    multiclass: (count: string) => `one of ${count} classes`,
    regression: "a number",
    group: "Rows that stay together",
    noGroup: "each row stands for itself",
    unlabelled: "Without a label",
    unlabelledRows: (count: string) => `${count} rows`,
    classes: "Classes",
    moreClasses: (count: string) => `Show all ${count}`,
    duplicates: "Repeated rows",
    duplicateRows: (count: string) => `${count} rows repeat an earlier one`,
    notes: "Notes",
  },
  {
    fr: {
      title: "Ce que le serveur a compris",
      table: "Tableau",
      size: (rows, columns) => `${rows} lignes, ${columns} colonnes`,
      images: (count) => `${count} images`,
      types: "Types",
      target: "À prédire",
      unknown: "pas encore connu",
      binary: "une de deux classes",
      multiclass: (count) => `une de ${count} classes`,
      regression: "un nombre",
      group: "Lignes qui restent ensemble",
      noGroup: "chaque ligne est indépendante",
      unlabelled: "Sans étiquette",
      unlabelledRows: (count) => `${count} lignes`,
      classes: "Classes",
      moreClasses: (count) => `Afficher les ${count}`,
      duplicates: "Lignes répétées",
      duplicateRows: (count) => `${count} lignes en répètent une autre`,
      notes: "Remarques",
    },
  },
);

const CLASSES_AT_ONCE = 12;

/** What the inspection of the upload found, with the reasons. */
export function Facts({ detail }: { detail: ProjectDetail }) {
  const t = useWords(texts);
  const kinds = useWords(kindWords);
  const { whole } = useFormats();
  const { target, group, profile } = detail;
  const counts = useMemo(() => kindCounts(columnsOf(detail.columns)), [detail.columns]);
  const numRepeated = profile.num_duplicate_rows;
  const isTable = detail.num_features !== null;
  const kind = (): string => {
    switch (target?.problem_type) {
      case "binary":
        return t.binary;
      case "multiclass":
        return t.multiclass(whole(target.num_classes));
      case "regression":
        return t.regression;
      default:
        return target?.problem_type ?? "";
    }
  };
  const notes = [...detail.notes, ...(target?.notes ?? [])];
  return (
    <Section title={t.title}>
      <dl className={styles.facts}>
        <dt>{t.table}</dt>
        <dd>
          <LongText text={detail.dataset_name} />{" "}
          {isTable
            ? t.size(whole(detail.num_samples), whole((detail.num_features ?? 0) + 1))
            : t.images(whole(detail.num_samples))}
        </dd>
        {counts.length > 0 && (
          <>
            <dt>{t.types}</dt>
            <dd>
              {counts
                .map(([kind, count]) => `${kindName(kinds, kind)}: ${whole(count)}`)
                .join(" · ")}
            </dd>
          </>
        )}
        <dt>{t.target}</dt>
        <dd>
          {target ? (
            <>
              <strong>
                <LongText text={target.column} />
              </strong>{" "}
              {kind()}
              <Reason text={target.reason} />
            </>
          ) : (
            t.unknown
          )}
        </dd>
        {isTable && (
          <>
            <dt>{t.group}</dt>
            <dd>
              {group ? (
                <>
                  <strong>
                    <LongText text={group.column} />
                  </strong>
                  <Reason text={group.reason} />
                </>
              ) : (
                t.noGroup
              )}
            </dd>
          </>
        )}
        {target && Object.keys(target.classes).length > 0 && (
          <>
            <dt>{t.classes}</dt>
            <dd>
              <Classes classes={target.classes} />
            </dd>
          </>
        )}
        {target && target.num_unlabelled > 0 && (
          <>
            <dt>{t.unlabelled}</dt>
            <dd>{t.unlabelledRows(whole(target.num_unlabelled))}</dd>
          </>
        )}
        {typeof numRepeated === "number" && numRepeated > 0 && (
          <>
            <dt>{t.duplicates}</dt>
            <dd>{t.duplicateRows(whole(numRepeated))}</dd>
          </>
        )}
        {notes.length > 0 && (
          <>
            <dt>{t.notes}</dt>
            <dd lang="en">
              <ul>
                {notes.map((note, index) => (
                  <li key={index}>{note}</li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
    </Section>
  );
}

/** A reason in the server's own words. */
function Reason({ text }: { text: string }) {
  return text === "" ? null : (
    <p className={styles.reason} lang="en">
      {text}
    </p>
  );
}

function Classes({ classes }: { classes: Readonly<Record<string, number>> }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [isWhole, setIsWhole] = useState(false);
  const all = Object.entries(classes).sort(([, a], [, b]) => b - a);
  const shown = isWhole ? all : all.slice(0, CLASSES_AT_ONCE);
  return (
    <>
      <ul className={styles.classes}>
        {shown.map(([name, count]) => (
          <li key={name}>
            <LongText text={name} /> <span className={styles.count}>{whole(count)}</span>
          </li>
        ))}
      </ul>
      {all.length > shown.length && (
        <Button variant="subtle" onClick={() => setIsWhole(true)}>
          {t.moreClasses(whole(all.length))}
        </Button>
      )}
    </>
  );
}
