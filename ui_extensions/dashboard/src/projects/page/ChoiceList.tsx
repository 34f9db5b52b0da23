import { useDeferredValue, useId, useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { LongText } from "../../ui/LongText";
import styles from "./ChoiceList.module.css";

const texts = words(
  {
    search: "Search",
    left: (count: string) => `${count} more: search for one of them.`,
    none: "Nothing matches.",
  },
  {
    fr: {
      search: "Chercher",
      left: (count) => `${count} de plus : cherchez-en une.`,
      none: "Rien ne correspond.",
    },
  },
);

const AT_ONCE = 12;

interface Props {
  legend: string;
  choices: readonly string[];
  /** Choices that are found only by a search. */
  others?: readonly string[];
  chosen: string | null;
  onChoose(choice: string): void;
}

/** One of some texts; of many, the first ones and those that are searched for. */
export function ChoiceList({ legend, choices, others = [], chosen, onChoose }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [search, setSearch] = useState("");
  const name = useId();
  const wanted = useDeferredValue(search.trim().toLocaleLowerCase());
  const found = useMemo(() => {
    const all = [...new Set([...choices, ...others])];
    return wanted === ""
      ? choices
      : all.filter((each) => each.toLocaleLowerCase().includes(wanted));
  }, [choices, others, wanted]);
  const shown = found.slice(0, AT_ONCE);
  const numLeft = found.length - shown.length + (wanted === "" ? others.length : 0);
  if (chosen !== null && !shown.includes(chosen)) {
    shown.push(chosen);
  }
  return (
    <fieldset className={styles.list}>
      <legend className="visually-hidden">{legend}</legend>
      {(choices.length > AT_ONCE || others.length > 0) && (
        <input
          type="search"
          value={search}
          placeholder={t.search}
          aria-label={t.search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      {shown.map((choice) => (
        <div key={choice} className={styles.choice}>
          <label>
            <input
              type="radio"
              name={name}
              checked={choice === chosen}
              onChange={() => onChoose(choice)}
            />
            <LongText text={choice} />
          </label>
        </div>
      ))}
      {shown.length === 0 && <p className={styles.left}>{t.none}</p>}
      {numLeft > 0 && <p className={styles.left}>{t.left(whole(numLeft))}</p>}
    </fieldset>
  );
}
