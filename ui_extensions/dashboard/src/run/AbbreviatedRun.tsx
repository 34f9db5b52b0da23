// A run whose address has only the beginning of its id, as people shorten it.

import { useCallback } from "react";
import type { TrainingStatus } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { ErrorNote } from "../ui/ErrorNote";
import { replaceRun } from "../ui/hashLocation";
import { Empty } from "../ui/Section";
import { useQuery } from "../ui/useQuery";
import { MissingRun } from "./MissingRun";
import styles from "./RunPage.module.css";

const WHOLE_ID_LENGTH = 32;

const texts = words(
  { searching: "Looking for the run…" },
  { fr: { searching: "Recherche de l’entraînement…" } },
);

export function isAbbreviated(runId: string): boolean {
  return runId.length < WHOLE_ID_LENGTH;
}

/** Puts the whole id into the address; nothing else is loaded before. */
export function AbbreviatedRun({ beginning }: { beginning: string }) {
  const t = useWords(texts);
  const complete = useCallback(
    async (signal: AbortSignal) => {
      const path = `api/runs/${encodeURIComponent(beginning)}`;
      const { run_id } = await rest.get<TrainingStatus>(path, {}, signal);
      if (run_id) {
        replaceRun(run_id);
      }
    },
    [beginning],
  );
  const { error, refetch } = useQuery(complete);
  if (error?.status === 404) {
    return <MissingRun />;
  }
  return (
    <div className={styles.page}>
      {error ? <ErrorNote error={error} onRetry={refetch} /> : <Empty>{t.searching}</Empty>}
    </div>
  );
}
