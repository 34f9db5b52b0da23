import { useCallback } from "react";
import { closed } from "../../../live/bidi";
import type { RunGroup } from "../../../live/schemas";
import { NOTHING, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { useAddressCount } from "../ui/addressState";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty } from "../ui/Section";
import { ShowMore } from "../ui/ShowMore";
import { useQuery } from "../ui/useQuery";
import styles from "./RunTable.module.css";

const texts = words(
  {
    label: "Groups of runs",
    runs: "Runs",
    missing: "(not logged)",
    loading: "Loading the groups…",
    none: "No run matches.",
    noMetrics: "Choose metrics as columns to see their mean and spread.",
    show: (group: string) => `Show the runs of ${group}`,
    how: "Mean ± standard deviation of the newest values of all matching runs; those that are not finite are left out and counted.",
    of: (num: string) => `of ${num}`,
    range: (min: string, max: string) => `from ${min} to ${max}`,
  },
  {
    fr: {
      label: "Groupes d’entraînements",
      runs: "Entraînements",
      missing: "(non enregistré)",
      loading: "Chargement des groupes…",
      none: "Aucun entraînement ne correspond.",
      noMetrics:
        "Choisissez des métriques comme colonnes pour voir leur moyenne et leur dispersion.",
      show: (group) => `Afficher les entraînements de ${group}`,
      how: "Moyenne ± écart type des dernières valeurs de tous les entraînements trouvés ; celles qui ne sont pas finies sont omises et comptées.",
      of: (num) => `sur ${num}`,
      range: (min, max) => `de ${min} à ${max}`,
    },
  },
);

const AT_ONCE = 100;
/** The server lists no more at once. */
const MOST = 500;

interface Props {
  by: string;
  metrics: readonly string[];
  selection: Record<string, string | boolean>;
  when: unknown;
  onOpen(value: string | null): void;
}

export function GroupTable({ by, metrics, selection, when, onOpen }: Props) {
  const t = useWords(texts);
  const { metric, whole } = useFormats();
  const [limit, setLimit] = useAddressCount("groups", AT_ONCE, MOST);
  const key = JSON.stringify({ ...selection, by, metrics, limit });
  const read = useCallback(
    (signal: AbortSignal) =>
      rest.list<RunGroup>(
        "api/runs/groups",
        JSON.parse(key) as Record<string, string | boolean | string[]>,
        signal,
      ),
    [key],
  );
  const { data, error, isLoading, refetch } = useQuery(read, when);
  const groups = data?.entries ?? [];
  return (
    <>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {groups.length === 0 && !error && <Empty>{isLoading ? t.loading : t.none}</Empty>}
      {groups.length > 0 && (
        <>
          <p className={styles.note}>{metrics.length > 0 ? t.how : t.noMetrics}</p>
          {/* A scrolling region must be reachable by keyboard. */}
          <div className={styles.region} tabIndex={0} role="region" aria-label={t.label}>
            <table className={styles.groups}>
              <thead>
                <tr>
                  <th scope="col">
                    <bdi>{closed(by.slice(by.indexOf(".") + 1))}</bdi>
                  </th>
                  <th scope="col">{t.runs}</th>
                  {metrics.map((name) => (
                    <th key={name} scope="col" title={name}>
                      <bdi>{closed(name)}</bdi>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {groups.map((group) => {
                  const title = group.value ?? t.missing;
                  const canOpen = !group.is_cut && group.value !== "";
                  return (
                    <tr key={group.value ?? "\0"}>
                      <th scope="row" title={title}>
                        {canOpen ? (
                          <button
                            type="button"
                            className={styles.group}
                            aria-label={t.show(title)}
                            onClick={() => onOpen(group.value)}
                          >
                            <bdi>{closed(title)}</bdi>
                          </button>
                        ) : (
                          <bdi>{closed(title) || "“”"}</bdi>
                        )}
                      </th>
                      <td className={styles.number}>{whole(group.num_runs)}</td>
                      {metrics.map((name) => {
                        const spread = group.metrics?.[name];
                        const isAll = spread?.num === group.num_runs;
                        return (
                          <td
                            key={name}
                            className={styles.number}
                            title={
                              spread?.num
                                ? t.range(metric(spread.min), metric(spread.max))
                                : undefined
                            }
                          >
                            {spread?.num ? metric(spread.mean) : NOTHING}
                            {spread && spread.std !== null && ` ± ${metric(spread.std)}`}
                            {spread && spread.num > 0 && !isAll && (
                              <small> {t.of(whole(spread.num))}</small>
                            )}
                          </td>
                        );
                      })}
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
          <ShowMore
            left={Math.min(data?.total ?? 0, MOST) - limit}
            step={AT_ONCE}
            onMore={() => setLimit(Math.min(limit + AT_ONCE, MOST))}
          />
        </>
      )}
    </>
  );
}
