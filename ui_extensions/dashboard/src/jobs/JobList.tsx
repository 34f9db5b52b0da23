import { useCallback } from "react";
import { hasEnded } from "../../../live/runStatus";
import type { JobEntry } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import table from "../projects/Table.module.css";
import { useAddressCount } from "../ui/addressState";
import { ErrorNote } from "../ui/ErrorNote";
import { LongText } from "../ui/LongText";
import { Empty, Section } from "../ui/Section";
import { ShowMore } from "../ui/ShowMore";
import { StatusBadge } from "../ui/StatusBadge";
import { CancelJob } from "./CancelJob";
import { JobName } from "./JobName";
import styles from "./Jobs.module.css";
import { ResumeJob } from "./ResumeJob";
import { useReloaded } from "./useReloaded";

const texts = words(
  {
    title: "Jobs of this server",
    loading: "Loading the jobs…",
    none: "This server has not started a job yet.",
    job: "Job",
    type: "Recipe",
    status: "Status",
    progress: "Progress",
    created: "Created",
    message: "Message",
    actions: "Actions",
    place: (place: string) => `place ${place}`,
  },
  {
    fr: {
      title: "Tâches de ce serveur",
      loading: "Chargement des tâches…",
      none: "Ce serveur n’a pas encore démarré de tâche.",
      job: "Tâche",
      type: "Recette",
      status: "État",
      progress: "Progression",
      created: "Créée",
      message: "Message",
      actions: "Actions",
      place: (place) => `place ${place}`,
    },
  },
);

const AT_ONCE = 25;
const MOST = 1_000;

interface Props {
  changes: number;
  onChanged(): void;
}

/** The newest jobs of every kind, with what can be done about each. */
export function JobList({ changes, onChanged }: Props) {
  const t = useWords(texts);
  const [limit, setLimit] = useAddressCount("shown", AT_ONCE, MOST);
  const read = useCallback(
    (signal: AbortSignal) => rest.list<JobEntry>("api/jobs", { limit }, signal),
    [limit],
  );
  const { data, error, refetch, nowMs } = useReloaded(read, changes);
  return (
    <Section title={t.title}>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.loading}</Empty>}
      {data?.entries.length === 0 && <Empty>{t.none}</Empty>}
      {data && data.entries.length > 0 && (
        <section className={table.scroller} tabIndex={0} aria-label={t.title}>
          <table className={`${table.table} ${styles.rows}`}>
            <thead>
              <tr>
                <th scope="col">{t.job}</th>
                <th scope="col">{t.type}</th>
                <th scope="col">{t.status}</th>
                <th scope="col" className={table.number}>
                  {t.progress}
                </th>
                <th scope="col">{t.created}</th>
                <th scope="col">{t.message}</th>
                <th scope="col">{t.actions}</th>
              </tr>
            </thead>
            <tbody>
              {data.entries.map((job) => (
                <Row key={job.id} job={job} nowMs={nowMs} onChanged={onChanged} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      <ShowMore
        left={Math.min(data?.total ?? 0, MOST) - limit}
        step={AT_ONCE}
        onMore={() => setLimit(Math.min(limit + AT_ONCE, MOST))}
      />
    </Section>
  );
}

interface RowProps {
  job: JobEntry;
  nowMs: number;
  onChanged(): void;
}

function Row({ job, nowMs, onChanged }: RowProps) {
  const t = useWords(texts);
  const { whole, percent, ago, date } = useFormats();
  const place = job.queue_position;
  return (
    <tr>
      <th scope="row">
        <JobName runId={job.run_id} />
      </th>
      <td>{job.type}</td>
      <td>
        <StatusBadge status={job.status} isSilent={job.silent} />
        {typeof place === "number" && ` ${t.place(whole(place))}`}
      </td>
      <td className={table.number}>{percent(job.progress, 0)}</td>
      <td>
        <time dateTime={job.created_at} title={date(job.created_at)}>
          {ago(Date.parse(job.created_at), nowMs)}
        </time>
      </td>
      <td lang="en" className={table.long}>
        <LongText text={job.message} />
      </td>
      <td>
        {!hasEnded(job.status) && <CancelJob jobId={job.id} onChanged={onChanged} />}
        {job.can_resume && <ResumeJob jobId={job.id} onChanged={onChanged} />}
      </td>
    </tr>
  );
}
