import { useEffect, useState } from "react";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { exampleOf } from "./search";
import styles from "./SearchBox.module.css";

const texts = words(
  {
    search: "Search",
    placeholder: "A name, or a condition such as metrics.loss < 0.5",
    go: "Search",
    help: "How to search",
    plain:
      "Words without a comparison find runs by a part of their name, or the beginning of their id.",
    filter:
      "Conditions are those of MLflow, joined by “and”; there is no “or”. Metrics are compared with numbers, params and tags with texts in quotes.",
    quotes:
      "A name with other characters than letters, digits and underscores is between backticks.",
    example: "Examples",
  },
  {
    fr: {
      search: "Rechercher",
      placeholder: "Un nom, ou une condition comme metrics.loss < 0.5",
      go: "Rechercher",
      help: "Comment rechercher",
      plain:
        "Des mots sans comparaison trouvent les entraînements par une partie de leur nom, ou le début de leur identifiant.",
      filter:
        "Les conditions sont celles de MLflow, reliées par « and » ; il n’y a pas de « or ». Les métriques se comparent à des nombres, les paramètres et les étiquettes à des textes entre guillemets.",
      quotes:
        "Un nom avec d’autres caractères que lettres, chiffres et tirets bas se met entre accents graves.",
      example: "Exemples",
    },
  },
);

const EXAMPLES = [
  "metrics.val_loss < 0.5 and params.model = 'vit'",
  "metrics.`val/loss` <= 1e-3",
  "params.model LIKE 'vit%' and tags.team != 'test'",
  "params.lr IS NOT NULL",
  "attributes.run_name ILIKE '%baseline%'",
  "attributes.status = 'FINISHED'",
];

interface Props {
  text: string;
  onSearch(text: string): void;
  /** Names that exist, for examples. */
  metric: string | undefined;
  param: string | undefined;
}

/** Searches on Enter: half a condition would only be refused. */
export function SearchBox({ text, onSearch, metric, param }: Props) {
  const t = useWords(texts);
  const [draft, setDraft] = useState(text);
  useEffect(() => setDraft(text), [text]);
  const examples = [...exampleOf(metric, param), ...EXAMPLES];
  return (
    <form
      role="search"
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(draft.trim());
      }}
    >
      <div className={styles.line}>
        <input
          type="search"
          aria-label={t.search}
          placeholder={t.placeholder}
          maxLength={2_000}
          spellCheck={false}
          autoCapitalize="off"
          value={draft}
          onChange={(event) => {
            setDraft(event.target.value);
            if (event.target.value === "") {
              onSearch("");
            }
          }}
        />
        <Button type="submit">{t.go}</Button>
      </div>
      <details>
        <summary>{t.help}</summary>
        <div className={styles.help}>
          <p>{t.plain}</p>
          <p>{t.filter}</p>
          <p>{t.quotes}</p>
          <p>{t.example}:</p>
          <ul>
            {examples.map((example) => (
              <li key={example}>
                <button type="button" onClick={() => setDraft(example)}>
                  <code>{example}</code>
                </button>
              </li>
            ))}
          </ul>
        </div>
      </details>
    </form>
  );
}
