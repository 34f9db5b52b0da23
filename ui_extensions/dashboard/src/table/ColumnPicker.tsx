import { useState } from "react";
import { closed } from "../../../live/bidi";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { ErrorNote } from "../ui/ErrorNote";
import { useThrottled } from "../ui/useThrottled";
import styles from "./ColumnPicker.module.css";
import { type Column, type ColumnKind, fieldOf, KINDS, MOST_COLUMNS } from "./columns";
import { TABLE_WORDS } from "./tableWords";
import { useNames } from "./useNames";

const texts = words(
  {
    title: "Columns",
    search: "Find a metric, param or tag",
    close: "Done",
    automatic: "Choose the columns for me",
    more: "There are more: search for their names.",
    none: "None",
    full: (most: string) => `A table has at most ${most} columns`,
  },
  {
    fr: {
      title: "Colonnes",
      search: "Chercher une métrique, un paramètre ou une étiquette",
      close: "Terminé",
      automatic: "Choisir les colonnes pour moi",
      more: "Il y en a d’autres : cherchez leur nom.",
      none: "Aucun",
      full: (most) => `Un tableau a au plus ${most} colonnes`,
    },
  },
);

interface Props {
  experiment: string;
  columns: readonly Column[];
  onChange(columns: readonly Column[]): void;
  onClose(): void;
}

export function ColumnPicker({ experiment, columns, onChange, onClose }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [search, setSearch] = useState("");
  const wanted = useThrottled(search.trim(), 300);
  const isFull = columns.length >= MOST_COLUMNS;
  return (
    <Dialog title={t.title} onClose={onClose} isWide>
      <label className={styles.search}>
        {t.search}
        <input type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
      </label>
      {isFull && <p className={styles.note}>{t.full(whole(MOST_COLUMNS))}</p>}
      <div className={styles.kinds}>
        {KINDS.map((kind) => (
          <Names
            key={kind}
            kind={kind}
            experiment={experiment}
            search={wanted}
            columns={columns}
            isFull={isFull}
            onChange={onChange}
          />
        ))}
      </div>
      <DialogActions>
        <Button variant="subtle" onClick={() => onChange([])}>
          {t.automatic}
        </Button>
        <Button variant="primary" onClick={onClose}>
          {t.close}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface NamesProps extends Pick<Props, "experiment" | "columns" | "onChange"> {
  kind: ColumnKind;
  search: string;
  isFull: boolean;
}

function Names({ kind, experiment, search, columns, isFull, onChange }: NamesProps) {
  const t = useWords(texts);
  const shared = useWords(TABLE_WORDS);
  const { data, error, refetch } = useNames(kind, experiment, search);
  const chosen = new Set(columns.map(fieldOf));
  const names = [...(data?.names ?? [])].sort(
    (a, b) => Number(isOfMlflow(a)) - Number(isOfMlflow(b)),
  );
  return (
    <fieldset className={styles.names}>
      <legend>{shared[kind]}</legend>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {data && names.length === 0 && <p className={styles.note}>{t.none}</p>}
      <ul>
        {names.map((name) => {
          const column: Column = { kind, name };
          const isChosen = chosen.has(fieldOf(column));
          return (
            <li key={name}>
              <label>
                <input
                  type="checkbox"
                  checked={isChosen}
                  disabled={isFull && !isChosen}
                  onChange={() =>
                    onChange(
                      isChosen
                        ? columns.filter((each) => fieldOf(each) !== fieldOf(column))
                        : [...columns, column],
                    )
                  }
                />
                <bdi>{closed(name)}</bdi>
              </label>
            </li>
          );
        })}
      </ul>
      {data && !data.is_complete && <p className={styles.note}>{t.more}</p>}
    </fieldset>
  );
}

/** MLflow's own tags come last. */
function isOfMlflow(name: string): boolean {
  return name.startsWith("mlflow.");
}
