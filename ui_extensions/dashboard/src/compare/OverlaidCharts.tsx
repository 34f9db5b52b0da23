import { useDeferredValue, useMemo } from "react";
import { Chart } from "../charts/Chart";
import { ChartTools } from "../charts/Charts";
import { useChartAddress } from "../charts/chartAddress";
import type { ChartLine } from "../charts/lineStyle";
import { MetricSearch, PanelList } from "../charts/PanelList";
import { panelsWith } from "../charts/panels";
import { useLanguage } from "../i18n/language";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import { useAddressText } from "../ui/addressState";
import { Empty, Section } from "../ui/Section";
import { shortName } from "../ui/shortName";
import type { RunComparison } from "../../../live/schemas";
import type { ComparedRun } from "./comparedRuns";
import styles from "./ComparePage.module.css";
import { metricsOfRuns, type Overlay, overlaidPanels, textsOf } from "./overlays";

const texts = words(
  {
    charts: "Charts",
    none: "None of the runs has logged a metric yet.",
    noMatch: "No metric matches.",
    some: (shown: string, total: string) =>
      `The runs have ${total} metrics; the first ${shown} by name are compared.`,
  },
  {
    fr: {
      charts: "Courbes",
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
    () => overlaidPanels(metricsOfRuns(comparison), catalog, language),
    [comparison, catalog, language],
  );
  const wanted = useDeferredValue(search);
  const shown = useMemo(() => panelsWith(panels, wanted, textsOf), [panels, wanted]);
  return (
    <Section title={t.charts} tools={<ChartTools stepsPerEpoch={stepsPerEpoch(comparison)} />}>
      <MetricSearch text={search} onChange={setSearch} />
      {comparison.num_metrics > comparison.metrics.length && (
        <p className={styles.note}>
          {t.some(whole(comparison.metrics.length), whole(comparison.num_metrics))}
        </p>
      )}
      {shown.length === 0 && <Empty>{panels.length === 0 ? t.none : t.noMatch}</Empty>}
      <PanelList panels={shown} numOpen={FIRST_OPEN} step={AT_ONCE}>
        {(chart) => (
          <OverlayChart
            key={chart.key}
            chart={chart}
            runs={runs}
            stepsPerEpoch={stepsPerEpoch(comparison)}
          />
        )}
      </PanelList>
    </Section>
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
