import { useCallback, useMemo, useState } from "react";
import { closed } from "../../../live/bidi";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import { useExperiments } from "../runs/useExperiments";
import { Button } from "../ui/Button";
import { copyText } from "../ui/copyText";
import { ErrorNote } from "../ui/ErrorNote";
import { changeInQuery } from "../ui/hashLocation";
import { Empty } from "../ui/Section";
import { shortName } from "../ui/shortName";
import { useThrottled } from "../ui/useThrottled";
import { MOST_COMPARED } from "../compare/limits";
import { SavedViews } from "../views/SavedViews";
import { ColumnPicker } from "./ColumnPicker";
import { addressOf, fieldOf, firstColumns } from "./columns";
import { GroupTable } from "./GroupTable";
import { RunTable } from "./RunTable";
import { SearchBox } from "./SearchBox";
import { Selection } from "./Selection";
import styles from "./TablePage.module.css";
import { useNames } from "./useNames";
import { useTablePages } from "./useTablePages";
import { selectionOf, useTableView } from "./useTableView";

const texts = words(
  {
    title: "Table of runs",
    experiment: "Experiment",
    allExperiments: "All experiments",
    groupBy: "Group by",
    ungrouped: "Nothing",
    tree: "Nested runs as a tree",
    columns: "Columns…",
    copy: "Copy the link to this view",
    copied: "Copied",
    count: (total: string) => `${total} runs`,
    top: (total: string) => `${total} runs at the top`,
    none: "No run matches.",
    loading: "Loading the runs…",
    only: (name: string, value: string) => `${name} = ${value}`,
    without: (name: string) => `without ${name}`,
    allGroups: "All groups",
  },
  {
    fr: {
      title: "Tableau des entraînements",
      experiment: "Expérience",
      allExperiments: "Toutes les expériences",
      groupBy: "Grouper par",
      ungrouped: "Rien",
      tree: "Sous-entraînements en arbre",
      columns: "Colonnes…",
      copy: "Copier le lien vers cette vue",
      copied: "Copié",
      count: (total) => `${total} entraînements`,
      top: (total) => `${total} entraînements au sommet`,
      none: "Aucun entraînement ne correspond.",
      loading: "Chargement des entraînements…",
      only: (name, value) => `${name} = ${value}`,
      without: (name) => `sans ${name}`,
      allGroups: "Tous les groupes",
    },
  },
);

const REFRESH_MS = 2_000;
const NAMES_TO_GROUP_BY = 200;

export function TablePage() {
  const t = useWords(texts);
  const { whole } = useFormats();
  const view = useTableView();
  const catalog = useMetricCatalog((state) => state.catalog);
  const experiments = useExperiments();
  const metrics = useNames("metrics", view.experiment, "", NAMES_TO_GROUP_BY);
  const params = useNames("params", view.experiment, "", NAMES_TO_GROUP_BY);
  const tags = useNames("tags", view.experiment, "", NAMES_TO_GROUP_BY);
  const [isChoosing, setIsChoosing] = useState(false);
  const [isCopied, setIsCopied] = useState(false);
  const [shownIds, setShownIds] = useState<readonly string[]>([]);

  const { experiment, sort, isDescending, isTree, groupBy, ticked, setTicked } = view;
  const hasNames = metrics.data !== undefined && params.data !== undefined;
  const columns = useMemo(
    () =>
      view.columns.length > 0
        ? view.columns
        : firstColumns(metrics.data?.names ?? [], params.data?.names ?? [], catalog),
    [view.columns, metrics.data, params.data, catalog],
  );
  const selection = selectionOf(view);
  const isOfOneGroup = view.only !== null || view.isOfMissing;
  const isGrouped = groupBy !== "" && !isOfOneGroup;
  const isReady = view.columns.length > 0 || hasNames || Boolean(metrics.error ?? params.error);
  const query =
    isReady && !isGrouped
      ? {
          ...selection,
          columns: columns.map(fieldOf),
          order_by: sort,
          descending: isDescending,
          top_level: isTree,
        }
      : null;
  const changes = useLive((live) => changesOf(live.runs, shownIds));
  const gaps = useLive((live) => live.gaps);
  const when = useThrottled(`${gaps} ${changes}`, REFRESH_MS);
  const pages = useTablePages(query, when);

  const { setDirection } = view;
  const onSort = useCallback(
    (field: string) => {
      if (field === sort) {
        setDirection(isDescending ? "asc" : "desc");
      } else {
        changeInQuery({ sort: field, order: isText(field) ? "asc" : null });
      }
    },
    [sort, isDescending, setDirection],
  );
  const onTick = useCallback(
    (runId: string, isTicked: boolean) => {
      const others = ticked.filter((each) => each !== runId);
      setTicked(isTicked ? [...others, runId] : others);
    },
    [ticked, setTicked],
  );
  const copy = async (): Promise<void> => {
    setIsCopied(await copyText(location.href));
    setTimeout(() => setIsCopied(false), REFRESH_MS);
  };
  const groupName = groupBy.slice(groupBy.indexOf(".") + 1);
  const examples = [
    metrics.data?.names.find((name) => !name.startsWith("system/")),
    params.data?.names[0],
  ] as const;

  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{t.title}</h1>
        <span className={styles.count} role="status">
          {!isGrouped &&
            pages.total !== undefined &&
            (isTree ? t.top : t.count)(whole(pages.total))}
        </span>
      </div>
      <SearchBox
        key={experiment}
        text={view.search}
        onSearch={view.setSearch}
        metric={examples[0]}
        param={examples[1]}
      />
      <div className={styles.tools}>
        <label>
          {t.experiment}
          <select value={experiment} onChange={(event) => view.setExperiment(event.target.value)}>
            <option value="">{t.allExperiments}</option>
            {experiments.map(({ experiment_id, name }) => (
              <option key={experiment_id} value={experiment_id}>
                {shortName(name)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t.groupBy}
          <select
            value={groupBy}
            onChange={(event) =>
              changeInQuery({ group: event.target.value || null, only: null, missing: null })
            }
          >
            <option value="">{t.ungrouped}</option>
            {groupBy !== "" && !(params.data?.names ?? []).includes(groupName) && (
              <option value={groupBy}>{shortName(groupName)}</option>
            )}
            {(["params", "tags"] as const).map((kind) => (
              <optgroup key={kind} label={kind}>
                {((kind === "params" ? params : tags).data?.names ?? [])
                  .filter((name) => `${kind}.${name}` !== groupBy || kind === "params")
                  .map((name) => (
                    <option key={name} value={`${kind}.${name}`}>
                      {shortName(name)}
                    </option>
                  ))}
              </optgroup>
            ))}
          </select>
        </label>
        {!isGrouped && (
          <label>
            <input
              type="checkbox"
              checked={isTree}
              onChange={(event) => view.setShape(event.target.checked ? "tree" : "flat")}
            />
            {t.tree}
          </label>
        )}
        <Button onClick={() => setIsChoosing(true)}>{t.columns}</Button>
        <SavedViews page="table" />
        <Button variant="subtle" onClick={() => void copy()}>
          {isCopied ? t.copied : t.copy}
        </Button>
      </div>
      {isOfOneGroup && groupBy !== "" && (
        <p className={styles.chosen}>
          <strong>
            <bdi>
              {closed(view.only ? t.only(groupName, view.only.value) : t.without(groupName))}
            </bdi>
          </strong>
          <Button variant="subtle" onClick={() => changeInQuery({ only: null, missing: null })}>
            {t.allGroups}
          </Button>
        </p>
      )}
      <Selection ticked={ticked} setTicked={setTicked} query={query} total={pages.total} />
      {isGrouped ? (
        <GroupTable
          by={groupBy}
          metrics={columns.filter(({ kind }) => kind === "metrics").map(({ name }) => name)}
          selection={selection}
          when={when}
          onOpen={(value) => changeInQuery(value === null ? { missing: "yes" } : { only: value })}
        />
      ) : (
        <>
          {pages.error && <ErrorNote error={pages.error} onRetry={pages.refetch} />}
          {!pages.total && !pages.error && (
            <Empty>{pages.total === undefined ? t.loading : t.none}</Empty>
          )}
          {Boolean(pages.total) && (
            <RunTable
              pages={pages}
              columns={columns}
              sort={sort}
              isDescending={isDescending}
              onSort={onSort}
              ticked={ticked}
              most={MOST_COMPARED}
              onTick={onTick}
              onShown={setShownIds}
            />
          )}
        </>
      )}
      {isChoosing && (
        <ColumnPicker
          experiment={experiment}
          columns={columns}
          onChange={(chosen) => view.setColumnText(addressOf(chosen))}
          onClose={() => setIsChoosing(false)}
        />
      )}
    </div>
  );
}

/** Texts are sorted from A at first, numbers from the largest. */
function isText(field: string): boolean {
  return field === "attributes.run_name" || field === "attributes.status";
}

type LiveRuns = ReturnType<typeof useLive.getState>["runs"];

/** A text that changes when a run is new, and when one in view has logged something. */
function changesOf(runs: LiveRuns, shownIds: readonly string[]): string {
  const ofShown = shownIds.map((id) => {
    const run = runs[id];
    return run ? `${run.status?.status} ${run.step} ${run.status?.deleted}` : "";
  });
  return `${Object.keys(runs).length} ${ofShown.join()}`;
}
