import { lazy, Suspense, useCallback, useRef, useState } from "react";
import { Link } from "wouter";
import type { RunStatus } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { mlflowComparisonUrl } from "../live/mlflowLinks";
import { useLive } from "../live/liveStore";
import {
  useAddressChoice,
  useAddressCount,
  useAddressList,
  useAddressText,
} from "../ui/addressState";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { comparePath, useHashPath } from "../ui/hashLocation";
import { PageHead } from "../ui/PageHead";
import { shortName } from "../ui/shortName";
import { STATUS_WORDS } from "../../../live/statusAppearance";
import { Empty } from "../ui/Section";
import { ShowMore } from "../ui/ShowMore";
import { RunCard } from "./RunCard";
import styles from "./RunsPage.module.css";
import { useExperiments } from "./useExperiments";
import { useRuns } from "./useRuns";

const texts = words(
  {
    runs: "Runs",
    start: "Start a training…",
    experiment: "Experiment",
    allExperiments: "All experiments",
    status: "Status",
    allStatuses: "Any status",
    compareHere: (count: string) => `Compare ${count}`,
    compare: (count: string) => `Compare ${count} in MLflow`,
    compareHow: "Tick two runs or more to compare them.",
    clear: "Clear the selection",
    shown: (shown: string, total: string) => `${shown} of ${total}`,
    none: "Nothing has been logged to this server yet. Start a training here, or log a run with MLflow: it appears at once.",
    noMatch: "No run matches.",
    loading: "Loading the runs…",
  },
  {
    fr: {
      runs: "Entraînements",
      start: "Démarrer un entraînement…",
      experiment: "Expérience",
      allExperiments: "Toutes les expériences",
      status: "État",
      allStatuses: "Tous les états",
      compareHere: (count) => `En comparer ${count}`,
      compare: (count) => `En comparer ${count} dans MLflow`,
      compareHow: "Cochez au moins deux entraînements pour les comparer.",
      clear: "Effacer la sélection",
      shown: (shown, total) => `${shown} sur ${total}`,
      none: "Rien n’a encore été enregistré sur ce serveur. Démarrez un entraînement ici, ou enregistrez-en un avec MLflow : il apparaît aussitôt.",
      noMatch: "Aucun entraînement ne correspond.",
      loading: "Chargement des entraînements…",
    },
  },
);

const StartForm = lazy(async () => ({ default: (await import("./StartForm")).StartForm }));

const STATUSES: readonly ["", ...RunStatus[]] = [
  "",
  "pending",
  "starting",
  "training",
  "pausing",
  "paused",
  "resuming",
  "stopping",
  "stopped",
  "completed",
  "error",
];
const AT_ONCE = 48;
/** The server lists no more at once. */
const MOST = 1_000;

export function RunsPage() {
  const t = useWords(texts);
  const statuses = useWords(STATUS_WORDS);
  const { whole } = useFormats();
  const [, goTo] = useHashPath();
  const [experiment, setExperiment] = useAddressText("experiment");
  const [status, setStatus] = useAddressChoice("status", STATUSES);
  const [limit, setLimit] = useAddressCount("shown", AT_ONCE, MOST);
  const [selected, setSelected] = useAddressList("ticked");
  const [isStarting, setIsStarting] = useState(false);
  const isStale = useLive(
    (live) => live.connection.state === "lost" || live.connection.state === "refused",
  );
  const { runs, total, isLoading, error, refetch } = useRuns({ experiment, status, limit });
  const experiments = useExperiments();
  const isFiltered = experiment !== "" || status !== "";

  const newest = useRef(selected);
  newest.current = selected;
  const select = useCallback(
    (runId: string, isSelected: boolean) => {
      const others = newest.current.filter((each) => each !== runId);
      setSelected(isSelected ? [...others, runId] : others);
    },
    [setSelected],
  );
  const compared = runs.filter(({ summary }) => selected.includes(summary.run_id));

  return (
    <div className={styles.page}>
      <PageHead title={t.runs} count={total > 0 && t.shown(whole(runs.length), whole(total))}>
        <label>
          {t.experiment}
          <select value={experiment} onChange={(event) => setExperiment(event.target.value)}>
            <option value="">{t.allExperiments}</option>
            {experiments.map(({ experiment_id, name }) => (
              <option key={experiment_id} value={experiment_id}>
                {shortName(name)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t.status}
          <select
            value={status}
            onChange={(event) => setStatus(event.target.value as RunStatus | "")}
          >
            {STATUSES.map((each) => (
              <option key={each} value={each}>
                {each === "" ? t.allStatuses : statuses[each]}
              </option>
            ))}
          </select>
        </label>
        <Button variant="primary" onClick={() => setIsStarting(true)}>
          {t.start}
        </Button>
      </PageHead>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {runs.length > 1 && (
        <p className={styles.compare}>
          {compared.length > 1 ? (
            <>
              <Link
                className={styles.link}
                href={comparePath(compared.map(({ summary }) => summary.run_id))}
              >
                {t.compareHere(whole(compared.length))}
              </Link>
              <a
                className={styles.link}
                href={mlflowComparisonUrl(compared.map(({ summary }) => summary))}
              >
                {t.compare(whole(compared.length))}
              </a>
            </>
          ) : (
            <span>{t.compareHow}</span>
          )}
          {selected.length > 0 && (
            <Button variant="subtle" onClick={() => setSelected([])}>
              {t.clear}
            </Button>
          )}
        </p>
      )}
      {runs.length === 0 && !error && (
        <Empty>{isLoading ? t.loading : isFiltered ? t.noMatch : t.none}</Empty>
      )}
      <ul className={styles.cards}>
        {runs.map((run) => (
          <RunCard
            key={run.summary.run_id}
            run={run}
            isStale={isStale}
            isSelected={selected.includes(run.summary.run_id)}
            onSelect={select}
          />
        ))}
      </ul>
      <ShowMore
        left={Math.min(total, MOST) - limit}
        step={AT_ONCE}
        onMore={() => setLimit(Math.min(limit + AT_ONCE, MOST))}
      />
      {isStarting && (
        <Suspense>
          <StartForm
            onClose={() => setIsStarting(false)}
            onStarted={(runId) => {
              setIsStarting(false);
              goTo(`/runs/${runId}`);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}
