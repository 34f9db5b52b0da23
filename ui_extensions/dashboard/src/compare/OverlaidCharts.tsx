import { useDeferredValue, useMemo, useState } from "react";
import { Chart } from "../charts/Chart";
import { ChartTools } from "../charts/Charts";
import { useChartAddress } from "../charts/chartAddress";
import type { ChartLine } from "../charts/lineStyle";
import { useLanguage } from "../i18n/language";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import { useAddressText } from "../ui/addressState";
import { Empty, Section } from "../ui/Section";
import { ShowMore } from "../ui/ShowMore";
import { shortName } from "../ui/shortName";
import type { RunComparison } from "../../../live/schemas";
import type { ComparedRun } from "./comparedRuns";
import styles from "./ComparePage.module.css";
import { found, metricsOfRuns, type Overlay, type Panel, panelsOf } from "./overlays";

const texts = words(
  {
    charts: "Charts",
    search: "Find a metric",
    others: "More metrics",
    none: "None of the runs has logged a metric yet.",
    noMatch: "No metric matches.",
    some: (shown: string, total: string) =>
      `The runs have ${total} metrics; the first ${shown} by name are compared.`,
  },
  {
    fr: {
      charts: "Courbes",
      search: "Chercher une métrique",
      others: "Autres métriques",
      none: "Aucun des entraînements n’a encore enregistré de métrique.",
      noMatch: "Aucune métrique ne correspond.",
      some: (shown, total) =>
        `Les entraînements ont ${total} métriques ; les ${shown} premières par nom sont comparées.`,
    },
  },
);

const AT_ONCE = 12;
const LEGEND_CHARS = 28;
/** Panels beyond these are closed at first: each chart loads the points of all runs. */
const FIRST_OPEN = 3;

interface Props {
  comparison: RunComparison;
  runs: readonly ComparedRun[];
}

export function OverlaidCharts({ comparison, runs }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const language = useLanguage((choice) => choice.language);
  const catalog = useMetricCatalog((state) => state.catalog);
  const [search, setSearch] = useAddressText("metric");
  useChartAddress();
  const panels = useMemo(
    () => panelsOf(metricsOfRuns(comparison), catalog, language),
    [comparison, catalog, language],
  );
  const wanted = useDeferredValue(search);
  const shown = useMemo(() => found(panels, wanted), [panels, wanted]);
  return (
    <Section title={t.charts} tools={<ChartTools stepsPerEpoch={stepsPerEpoch(comparison)} />}>
      <div className={styles.choices}>
        <label>
          {t.search}
          <input type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
        </label>
      </div>
      {comparison.num_metrics > comparison.metrics.length && (
        <p className={styles.note}>
          {t.some(whole(comparison.metrics.length), whole(comparison.num_metrics))}
        </p>
      )}
      {shown.length === 0 && <Empty>{panels.length === 0 ? t.none : t.noMatch}</Empty>}
      {shown.map((panel, index) => (
        <PanelPart
          key={panel.key}
          panel={panel}
          runs={runs}
          isFirstOpen={index < FIRST_OPEN}
          stepsPerEpoch={stepsPerEpoch(comparison)}
        />
      ))}
    </Section>
  );
}

interface PanelProps {
  panel: Panel;
  runs: readonly ComparedRun[];
  isFirstOpen: boolean;
  stepsPerEpoch: number | null;
}

function PanelPart({ panel, runs, isFirstOpen, stepsPerEpoch: perEpoch }: PanelProps) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [chosen, setChosen] = useState<boolean | null>(null);
  const [limit, setLimit] = useState(AT_ONCE);
  const isOpen = chosen ?? isFirstOpen;
  const left = panel.charts.length - limit;
  return (
    <details
      className={styles.panel}
      open={isOpen}
      onToggle={({ currentTarget: { open } }) => {
        if (open !== isOpen) {
          setChosen(open);
        }
      }}
    >
      <summary>
        <h3>{`${panel.label ?? t.others} (${whole(panel.charts.length)})`}</h3>
      </summary>
      {isOpen && (
        <div className={styles.grid}>
          {panel.charts.slice(0, limit).map((chart) => (
            <OverlayChart key={chart.key} chart={chart} runs={runs} stepsPerEpoch={perEpoch} />
          ))}
        </div>
      )}
      <ShowMore left={isOpen ? left : 0} step={AT_ONCE} onMore={() => setLimit(limit + AT_ONCE)} />
    </details>
  );
}

interface ChartProps {
  chart: Overlay;
  runs: readonly ComparedRun[];
  stepsPerEpoch: number | null;
}

function OverlayChart({ chart, runs, stepsPerEpoch: perEpoch }: ChartProps) {
  const lines = useMemo(() => linesOf(chart, runs), [chart, runs]);
  return <Chart title={chart.title} lines={lines} stepsPerEpoch={perEpoch} isPreloaded={false} />;
}

/** The legend names the metric, too, where the runs call it differently. */
function linesOf({ lines }: Overlay, runs: readonly ComparedRun[]): ChartLine[] {
  const isOneName = new Set(lines.map(({ metric }) => metric)).size === 1;
  return lines.flatMap(({ run, metric }): ChartLine[] => {
    const compared = runs[run];
    if (!compared) {
      return [];
    }
    const name = shortName(compared.name, LEGEND_CHARS);
    const label = isOneName ? name : `${name} (${metric})`;
    return [{ ...compared.style, runId: compared.row.run_id, metric, label }];
  });
}

/** The steps of an epoch if all runs have the same: one axis counts the epochs of all. */
function stepsPerEpoch({ params }: RunComparison): number | null {
  const values = params.find(({ name }) => name === "steps_per_epoch")?.values ?? [];
  const [first] = values;
  const isSame = values.length > 0 && values.every((value) => value === first);
  const steps = isSame ? Number(first) : Number.NaN;
  return Number.isInteger(steps) && steps > 0 ? steps : null;
}
