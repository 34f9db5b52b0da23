import { type ReactNode, useId, useState } from "react";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import styles from "./MoreSettings.module.css";
import { filtered, type ParamField } from "./recipeSchema";

const texts = words(
  {
    more: (count: string) => `More settings (${count})`,
    changed: (count: string) => `${count} set`,
    filter: "Filter the settings",
    none: "No setting matches.",
  },
  {
    fr: {
      more: (count) => `Autres paramètres (${count})`,
      changed: (count) => `${count} définis`,
      filter: "Filtrer les paramètres",
      none: "Aucun paramètre ne correspond.",
    },
  },
);

interface Props {
  fields: readonly ParamField[];
  typed: Readonly<Record<string, string>>;
  problems: Readonly<Record<string, string>>;
  children(field: ParamField): ReactNode;
}

/** The rarely changed settings; the filter never hides one with a problem. */
export function MoreSettings({ fields, typed, problems, children }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const filterId = useId();
  const [wanted, setWanted] = useState("");
  const isWrong = ({ name }: ParamField) => problems[name] !== undefined;
  const found = new Set([...filtered(fields, wanted), ...fields.filter(isWrong)]);
  const numChanged = fields.filter(({ name }) => typed[name]?.trim()).length;
  return (
    <details className={styles.more}>
      <summary>
        {t.more(whole(fields.length))}
        {numChanged > 0 && (
          <span className={styles.changed}> · {t.changed(whole(numChanged))}</span>
        )}
      </summary>
      <div className={styles.filter}>
        <label htmlFor={filterId}>{t.filter}</label>
        <input
          id={filterId}
          type="search"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
          onKeyDown={(event) => {
            // Enter would submit the form and start the training.
            if (event.key === "Enter") {
              event.preventDefault();
            }
          }}
        />
      </div>
      <div className={styles.grid}>{fields.filter((field) => found.has(field)).map(children)}</div>
      {found.size === 0 && <p className={styles.none}>{t.none}</p>}
    </details>
  );
}
