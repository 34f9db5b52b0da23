import { useMemo } from "react";
import { Link } from "wouter";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { CrashBoundary } from "../ui/CrashBoundary";
import { useAddressList, useAddressText } from "../ui/addressState";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty } from "../ui/Section";
import { ReportButton } from "../reports/ReportButton";
import { SavedViews } from "../views/SavedViews";
import styles from "./ComparePage.module.css";
import { type ComparedRun, comparedRuns } from "./comparedRuns";
import { Differences } from "./Differences";
import { DISTINCT_LINES, MOST_COMPARED } from "./limits";
import { OverlaidCharts } from "./OverlaidCharts";
import { ParamPlots } from "./ParamPlots";
import { RunList } from "./RunList";
import { useComparison } from "./useComparison";

const texts = words(
  {
    title: (count: string) => `Compare ${count} runs`,
    none: "No runs are chosen.",
    choose: "Choose runs in the table",
    loading: "Loading the runs…",
    most: (most: string, left: string) =>
      `At most ${most} runs are compared: ${left} of the address are left out.`,
    alike: (distinct: string) =>
      `${distinct} lines differ in colour or dashes. Those of further runs look like earlier ones: the cursor and the legend tell them apart.`,
    missing: (count: string) => `${count} of the runs are deleted, or not on this server.`,
    unnamed: "Unnamed run",
  },
  {
    fr: {
      title: (count) => `Comparer ${count} entraînements`,
      none: "Aucun entraînement n’est choisi.",
      choose: "Choisir des entraînements dans le tableau",
      loading: "Chargement des entraînements…",
      most: (most, left) =>
        `Au plus ${most} entraînements sont comparés : ${left} de l’adresse sont omis.`,
      alike: (distinct) =>
        `${distinct} lignes diffèrent par leur couleur ou leur tracé. Celles des entraînements suivants ressemblent aux premières : le curseur et la légende les distinguent.`,
      missing: (count) =>
        `${count} des entraînements sont supprimés, ou ne sont pas sur ce serveur.`,
      unnamed: "Entraînement sans nom",
    },
  },
);

const RUN_ID = /^[0-9a-f]{32}$/;

export function ComparePage() {
  const t = useWords(texts);
  const [named, setNamed] = useAddressList("runs");
  const known = named.filter((id) => RUN_ID.test(id));
  const ids = known.slice(0, MOST_COMPARED);
  if (ids.length === 0) {
    return (
      <Empty>
        {t.none} <Link href="/table">{t.choose}</Link>
      </Empty>
    );
  }
  return (
    <Comparison
      ids={ids}
      numLeftOut={known.length - ids.length}
      onRemove={(id) => setNamed(named.filter((each) => each !== id))}
    />
  );
}

interface Props {
  ids: readonly string[];
  numLeftOut: number;
  onRemove(id: string): void;
}

function Comparison({ ids, numLeftOut, onRemove }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const { data, error, refetch } = useComparison(ids);
  const [baseline, setBaseline] = useAddressText("baseline");
  const key = ids.join();
  const runs = useMemo(
    (): readonly ComparedRun[] =>
      comparedRuns(data?.runs ?? [], key.split(","), baseline, t.unnamed),
    [data, key, baseline, t.unnamed],
  );
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{t.title(whole(data?.runs.length ?? ids.length))}</h1>
        <div className={styles.actions}>
          <SavedViews page="compare" />
          {data && data.runs.length > 0 && (
            <ReportButton subject={{ kind: "runs", runIds: data.runs.map((run) => run.run_id) }} />
          )}
        </div>
      </div>
      {numLeftOut > 0 && (
        <p className={styles.note}>{t.most(whole(MOST_COMPARED), whole(numLeftOut))}</p>
      )}
      {ids.length > DISTINCT_LINES && (
        <p className={styles.note}>{t.alike(whole(DISTINCT_LINES))}</p>
      )}
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {data && data.missing.length > 0 && (
        <p className={styles.note}>{t.missing(whole(data.missing.length))}</p>
      )}
      {!data && !error && <Empty>{t.loading}</Empty>}
      {data && (
        <>
          <RunList runs={runs} onPin={setBaseline} onRemove={onRemove} />
          <CrashBoundary isPart>
            <OverlaidCharts comparison={data} runs={runs} />
          </CrashBoundary>
          <CrashBoundary isPart>
            <Differences comparison={data} runs={runs} />
          </CrashBoundary>
          <CrashBoundary isPart>
            <ParamPlots comparison={data} runs={runs} />
          </CrashBoundary>
        </>
      )}
    </div>
  );
}
