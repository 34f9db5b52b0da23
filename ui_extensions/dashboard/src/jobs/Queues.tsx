import type { JobQueue, QueuePlace } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import table from "../projects/Table.module.css";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty, Section } from "../ui/Section";
import { CancelJob } from "./CancelJob";
import { JobName } from "./JobName";
import { JobPriority } from "./JobPriority";
import styles from "./Jobs.module.css";
import { isShown, numFree } from "./queueFacts";
import { useReloaded } from "./useReloaded";

const texts = words(
  {
    gpu: "Queue for the GPUs",
    cpu: "Queue for the CPUs",
    loading: "Loading the queues…",
    used: (used: string, all: string, free: string) =>
      `${used} of ${all} slots in use, ${free} free. Each rank of a training takes one.`,
    unknown: (used: string) =>
      `${used} slots in use; how many there are is known once the first job has started the cluster.`,
    none: "Nothing runs or waits.",
    place: "Place",
    runs: "runs",
    job: "Job",
    type: "Recipe",
    priority: "Priority",
    slots: "Slots",
    since: "Since",
    actions: "Actions",
    other: "a job of another workspace",
  },
  {
    fr: {
      gpu: "File d’attente des GPU",
      cpu: "File d’attente des processeurs",
      loading: "Chargement des files d’attente…",
      used: (used, all, free) =>
        `${used} places sur ${all} occupées, ${free} libres. Chaque rang d’un entraînement en prend une.`,
      unknown: (used) =>
        `${used} places occupées ; leur nombre sera connu dès que la première tâche aura démarré la grappe.`,
      none: "Rien ne s’exécute ni n’attend.",
      place: "Place",
      runs: "en cours",
      job: "Tâche",
      type: "Recette",
      priority: "Priorité",
      slots: "Places",
      since: "Depuis",
      actions: "Actions",
      other: "une tâche d’un autre espace de travail",
    },
  },
);

function read(signal: AbortSignal): Promise<JobQueue[]> {
  return rest.get<JobQueue[]>("api/jobs/queue", {}, signal);
}

interface Props {
  changes: number;
  onChanged(): void;
}

/** A part for each queue that has slots or jobs. */
export function Queues({ changes, onChanged }: Props) {
  const t = useWords(texts);
  const { data, error, refetch, nowMs } = useReloaded(read, changes);
  return (
    <>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.loading}</Empty>}
      {data?.filter(isShown).map((queue) => (
        <Queue key={queue.pool} queue={queue} nowMs={nowMs} onChanged={onChanged} />
      ))}
    </>
  );
}

interface QueueProps {
  queue: JobQueue;
  nowMs: number;
  onChanged(): void;
}

function Queue({ queue, nowMs, onChanged }: QueueProps) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const { pool, num_slots: numSlots, num_used: numUsed } = queue;
  const title = pool === "gpu" ? t.gpu : t.cpu;
  const places = [...queue.running, ...queue.waiting];
  return (
    <Section title={title}>
      <p className={styles.note}>
        {numSlots === null
          ? t.unknown(whole(numUsed))
          : t.used(whole(numUsed), whole(numSlots), whole(numFree(queue)))}
      </p>
      {places.length === 0 ? (
        <Empty>{t.none}</Empty>
      ) : (
        <section className={table.scroller} tabIndex={0} aria-label={title}>
          <table className={`${table.table} ${styles.rows}`}>
            <thead>
              <tr>
                <th scope="col">{t.place}</th>
                <th scope="col">{t.job}</th>
                <th scope="col">{t.type}</th>
                <th scope="col">{t.priority}</th>
                <th scope="col" className={table.number}>
                  {t.slots}
                </th>
                <th scope="col">{t.since}</th>
                <th scope="col">{t.actions}</th>
              </tr>
            </thead>
            <tbody>
              {places.map((place, index) => (
                <Row
                  key={place.job_id ?? `other ${index}`}
                  place={place}
                  nowMs={nowMs}
                  onChanged={onChanged}
                />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Section>
  );
}

interface RowProps {
  place: QueuePlace;
  nowMs: number;
  onChanged(): void;
}

function Row({ place, nowMs, onChanged }: RowProps) {
  const t = useWords(texts);
  const { whole, ago, date } = useFormats();
  const { job_id: jobId, position, priority } = place;
  const isWaiting = position !== null;
  return (
    <tr>
      <td>{isWaiting ? whole(position) : t.runs}</td>
      <th scope="row">{jobId === null ? t.other : <JobName runId={jobId} />}</th>
      <td>{place.type}</td>
      <td>
        {jobId !== null && isWaiting ? (
          <JobPriority jobId={jobId} priority={priority} onChanged={onChanged} />
        ) : (
          whole(priority)
        )}
      </td>
      <td className={table.number}>{whole(place.num_slots)}</td>
      <td>
        <time dateTime={place.since} title={date(place.since)}>
          {ago(Date.parse(place.since), nowMs)}
        </time>
      </td>
      <td>{jobId !== null && <CancelJob jobId={jobId} onChanged={onChanged} />}</td>
    </tr>
  );
}
