import { useCallback } from "react";
import { Link } from "wouter";
import { useWords, words } from "../../i18n/words";
import { useLive } from "../../live/liveStore";
import { ErrorNote } from "../../ui/ErrorNote";
import { Empty, Section } from "../../ui/Section";
import { useQuery } from "../../ui/useQuery";
import styles from "./Details.module.css";
import { NamedValues } from "./NamedValues";
import { Note } from "./Note";
import { readStoredRun } from "./requests";

const texts = words(
  {
    title: "Details",
    loading: "Loading the params and tags…",
    params: "Params",
    tags: "Tags",
    parent: "To the parent run",
  },
  {
    fr: {
      title: "Détails",
      loading: "Chargement des paramètres et des tags…",
      params: "Paramètres",
      tags: "Tags",
      parent: "Vers l’entraînement parent",
    },
  },
);

/** The run's note, params and tags, as MLflow stores them. */
export function Details({ runId, isDeleted }: { runId: string; isDeleted: boolean }) {
  const t = useWords(texts);
  const status = useLive((live) => live.runs[runId]?.status?.status);
  const gaps = useLive((live) => live.gaps);
  const read = useCallback((signal: AbortSignal) => readStoredRun(runId, signal), [runId]);
  const { data, error, refetch } = useQuery(read, `${status} ${gaps}`);
  return (
    <Section
      title={t.title}
      tools={data?.parentId && <Link href={`/runs/${data.parentId}`}>{t.parent}</Link>}
    >
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.loading}</Empty>}
      {data && (
        <div className={styles.parts}>
          <Note runId={runId} note={data.note} isDeleted={isDeleted} onStored={refetch} />
          <NamedValues title={t.params} values={data.params} />
          <NamedValues title={t.tags} values={data.tags} />
        </div>
      )}
    </Section>
  );
}
