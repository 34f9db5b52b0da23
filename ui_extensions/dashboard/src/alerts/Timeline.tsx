import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty } from "../ui/Section";
import styles from "./Timeline.module.css";
import { TimelineItem } from "./TimelineItem";
import { byDay } from "./timelineEntries";
import { useTimeline } from "./useTimeline";

const texts = words(
  {
    nothing: "No entries yet. One is added whenever an alert begins, changes or ends.",
    loading: "Loading…",
    earlier: (count: string) => `Show earlier entries (${count})`,
  },
  {
    fr: {
      nothing: "Aucune entrée. Une ligne s’ajoute quand une alerte commence, change ou finit.",
      loading: "Chargement…",
      earlier: (count) => `Afficher les lignes précédentes (${count})`,
    },
  },
);

/** The history of a run's alerts, newest first. */
export function Timeline({ runId }: { runId: string }) {
  return <Entries key={runId} runId={runId} />;
}

function Entries({ runId }: { runId: string }) {
  const t = useWords(texts);
  const { day, whole } = useFormats();
  const { entries, numEarlier, isLoading, error, refetch, loadEarlier } = useTimeline(runId);
  return (
    <div className={styles.timeline}>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {entries.length === 0 && !error && <Empty>{isLoading ? t.loading : t.nothing}</Empty>}
      {byDay(entries).map(({ name, time, entries: ofDay }) => (
        <section key={name} aria-label={day(time)}>
          <p className={styles.day}>{day(time)}</p>
          <ol className={styles.entries}>
            {ofDay.map((entry) => (
              <TimelineItem key={entry.id} entry={entry} />
            ))}
          </ol>
        </section>
      ))}
      {numEarlier > 0 && (
        <Button onClick={loadEarlier} isBusy={isLoading} className={styles.earlier}>
          {t.earlier(whole(numEarlier))}
        </Button>
      )}
    </div>
  );
}
