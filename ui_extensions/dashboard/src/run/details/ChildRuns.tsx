import { useCallback, useState } from "react";
import { Link } from "wouter";
import type { RequestError } from "../../../../live/rest";
import type { RunComparison, RunRow } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { useLive } from "../../live/liveStore";
import { rest } from "../../live/session";
import { headlineNames } from "../../metrics/headlines";
import { useMetricCatalog } from "../../metrics/useMetricCatalog";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { LongText } from "../../ui/LongText";
import { Section } from "../../ui/Section";
import { StatusBadge } from "../../ui/StatusBadge";
import { useQuery } from "../../ui/useQuery";
import styles from "./ChildRuns.module.css";

/** Rows at once; one comparison has the scores of all of them. */
const PAGE = 30;
const SCORES = 3;
/** The store cannot search as the table of runs does. */
const NO_TABLE = 422;

const texts = words(
  {
    title: (count: string) => `Child runs (${count})`,
    name: "Run",
    status: "Status",
    unnamed: "Unnamed run",
    earlier: "Newer ones",
    later: "Older ones",
    range: (first: string, last: string, total: string) => `${first} to ${last} of ${total}`,
  },
  {
    fr: {
      title: (count) => `Entraînements enfants (${count})`,
      name: "Entraînement",
      status: "Statut",
      unnamed: "Entraînement sans nom",
      earlier: "Plus récents",
      later: "Plus anciens",
      range: (first, last, total) => `${first} à ${last} sur ${total}`,
    },
  },
);

interface Children {
  rows: readonly RunRow[];
  total: number;
  comparison: RunComparison | null;
}

async function readChildren(runId: string, offset: number, signal: AbortSignal): Promise<Children> {
  const query = { parent: runId, limit: PAGE, offset };
  const page = await rest.list<RunRow>("api/runs/table", query, signal);
  const ids = page.entries.map(({ run_id }) => run_id);
  const comparison =
    ids.length > 0
      ? await rest.get<RunComparison>("api/runs/comparison", { run_id: ids }, signal)
      : null;
  return { rows: page.entries, total: page.total, comparison };
}

/** The runs whose parent this one is, with the scores that they share; nothing if there are none. */
export function ChildRuns({ runId }: { runId: string }) {
  const t = useWords(texts);
  const { whole, metric } = useFormats();
  const catalog = useMetricCatalog((state) => state.catalog);
  const [offset, setOffset] = useState(0);
  const status = useLive((live) => live.runs[runId]?.status?.status);
  const gaps = useLive((live) => live.gaps);
  const read = useCallback(
    (signal: AbortSignal) => readChildren(runId, offset, signal),
    [runId, offset],
  );
  const { data, error, refetch } = useQuery(read, `${status} ${gaps}`);
  if (error && !isWithoutTable(error)) {
    return <ErrorNote error={error} onRetry={refetch} />;
  }
  if (!data || data.total === 0) {
    return null;
  }
  const metrics = data.comparison?.metrics ?? [];
  const scores = headlineNames(
    metrics.map(({ name }) => name),
    catalog,
  ).slice(0, SCORES);
  const places = new Map(data.comparison?.runs.map(({ run_id }, index) => [run_id, index]));
  const last = Math.min(data.total, offset + PAGE);
  return (
    <Section title={t.title(whole(data.total))}>
      <div
        className={styles.scrolled}
        role="region"
        aria-label={t.title(whole(data.total))}
        tabIndex={0}
      >
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t.name}</th>
              <th scope="col">{t.status}</th>
              {scores.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.rows.map((run) => {
              const place = places.get(run.run_id) ?? -1;
              return (
                <tr key={run.run_id}>
                  <th scope="row">
                    <LongText
                      text={run.run_name || t.unnamed}
                      wrap={(shown) => <Link href={`/runs/${run.run_id}`}>{shown}</Link>}
                    />
                  </th>
                  <td>
                    <StatusBadge status={run.status} />
                  </td>
                  {scores.map((name) => {
                    const found = metrics.find((each) => each.name === name);
                    return (
                      <td key={name}>{found?.not_finite[place] ?? metric(found?.values[place])}</td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {data.total > PAGE && (
        <div className={styles.pages}>
          {offset > 0 && (
            <Button onClick={() => setOffset(Math.max(0, offset - PAGE))}>{t.earlier}</Button>
          )}
          <span>{t.range(whole(offset + 1), whole(last), whole(data.total))}</span>
          {last < data.total && <Button onClick={() => setOffset(offset + PAGE)}>{t.later}</Button>}
        </div>
      )}
    </Section>
  );
}

function isWithoutTable(error: RequestError): boolean {
  return error.status === NO_TABLE;
}
