import { Link } from "wouter";
import type { Query } from "../../../live/address";
import type { RunRow } from "../../../live/schemas";
import { MOST_COMPARED } from "../compare/limits";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { comparePath } from "../ui/hashLocation";
import { useAction } from "../ui/useAction";
import styles from "./TablePage.module.css";

const texts = words(
  {
    compare: (count: string) => `Compare ${count}`,
    how: (most: string) => `Tick two to ${most} runs to compare them.`,
    all: (count: string) => `Select all ${count}`,
    first: (count: string) => `Select the first ${count}`,
    clear: "Clear the selection",
  },
  {
    fr: {
      compare: (count) => `En comparer ${count}`,
      how: (most) => `Cochez de deux à ${most} entraînements pour les comparer.`,
      all: (count) => `Sélectionner les ${count}`,
      first: (count) => `Sélectionner les ${count} premiers`,
      clear: "Effacer la sélection",
    },
  },
);

interface Props {
  ticked: readonly string[];
  setTicked(runIds: readonly string[]): void;
  /** Of the runs that match, and their number; null while groups are shown. */
  query: Query | null;
  total: number | undefined;
}

/** The ticked runs: how many, all that match, none, and their comparison. */
export function Selection({ ticked, setTicked, query, total = 0 }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const { isBusy, error, run } = useAction();
  const num = Math.min(total, MOST_COMPARED);

  const selectFirst = (): void =>
    run(
      () => rest.list<RunRow>("api/runs/table", { ...query, columns: [], limit: MOST_COMPARED }),
      ({ entries }) => setTicked(entries.map(({ run_id }) => run_id)),
    );
  return (
    <>
      <p className={styles.chosen}>
        {ticked.length > 1 ? (
          <Link className={styles.compare} href={comparePath(ticked)}>
            {t.compare(whole(ticked.length))}
          </Link>
        ) : (
          <span>{t.how(whole(MOST_COMPARED))}</span>
        )}
        {query !== null && num > 1 && (
          <Button variant="subtle" isBusy={isBusy} onClick={selectFirst}>
            {(total > num ? t.first : t.all)(whole(num))}
          </Button>
        )}
        {ticked.length > 0 && (
          <Button variant="subtle" onClick={() => setTicked([])}>
            {t.clear}
          </Button>
        )}
      </p>
      {error && <ErrorNote error={error} onRetry={selectFirst} />}
    </>
  );
}
