import { useDeferredValue, useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Button } from "../../ui/Button";
import { LongText } from "../../ui/LongText";
import { Empty } from "../../ui/Section";
import styles from "./Details.module.css";
import { matchingValues, type NamedValue } from "./storedRun";

const AT_ONCE = 50;

const texts = words(
  {
    find: (title: string) => `Find in ${title}`,
    more: (count: string) => `Show ${count} more`,
    none: "None.",
    noMatch: "Nothing matches.",
    name: "Name",
    value: "Value",
  },
  {
    fr: {
      find: (title) => `Chercher dans ${title}`,
      more: (count) => `En afficher ${count} de plus`,
      none: "Aucun.",
      noMatch: "Aucun résultat.",
      name: "Nom",
      value: "Valeur",
    },
  },
);

interface Props {
  title: string;
  values: readonly NamedValue[];
}

/** Params or tags: searchable, and shown in steps of AT_ONCE. */
export function NamedValues({ title, values }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [search, setSearch] = useState("");
  const [limit, setLimit] = useState(AT_ONCE);
  const wanted = useDeferredValue(search);
  const found = useMemo(() => matchingValues(values, wanted), [values, wanted]);
  const left = found.length - limit;
  return (
    <div>
      <div className={styles.head}>
        <h3>{`${title} (${whole(values.length)})`}</h3>
        {values.length > AT_ONCE / 5 && (
          <input
            type="search"
            aria-label={t.find(title)}
            placeholder={t.find(title)}
            value={search}
            onChange={(event) => {
              setSearch(event.target.value);
              setLimit(AT_ONCE);
            }}
          />
        )}
      </div>
      {found.length === 0 && <Empty>{values.length === 0 ? t.none : t.noMatch}</Empty>}
      {found.length > 0 && (
        // A region that scrolls is to be reached by keyboard.
        <div className={styles.values} role="region" aria-label={title} tabIndex={0}>
          <table>
            <thead className="visually-hidden">
              <tr>
                <th>{t.name}</th>
                <th>{t.value}</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, limit).map(({ key, value }) => (
                <tr key={key}>
                  <th scope="row">
                    <LongText text={key} />
                  </th>
                  <td>
                    <LongText text={value} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {left > 0 && (
        <Button className={styles.more} onClick={() => setLimit(limit + AT_ONCE)}>
          {t.more(whole(Math.min(left, AT_ONCE)))}
        </Button>
      )}
    </div>
  );
}
