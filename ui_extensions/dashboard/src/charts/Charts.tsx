import { useDeferredValue, useMemo } from "react";
import type { Language } from "../../../live/languageChoice";
import { useLanguage } from "../i18n/language";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import { useAddressText } from "../ui/addressState";
import { Button } from "../ui/Button";
import { Empty, Section } from "../ui/Section";
import { Chart } from "./Chart";
import styles from "./Charts.module.css";
import { useChartAddress } from "./chartAddress";
import { type ChartSpec, chartList } from "./chartList";
import { MAX_SMOOTHING, useChartOptions } from "./chartOptions";
import { type ChartLine, styleOfMetric } from "./lineStyle";
import { MetricSearch, PanelList } from "./PanelList";
import { chartsWith, panelsOf, panelsWith } from "./panels";

const texts = words(
  {
    charts: "Charts",
    axis: "Axis",
    step: "Steps",
    epoch: "Epochs",
    noEpochs: "The run does not say how many steps an epoch has",
    log: "Logarithmic",
    smoothing: "Smoothing",
    reset: "Show everything",
    none: "No metric has been logged yet. Charts appear with the first one.",
    noMatch: "No metric matches.",
  },
  {
    fr: {
      charts: "Courbes",
      axis: "Axe",
      step: "Pas",
      epoch: "Époques",
      noEpochs: "L’entraînement ne dit pas combien de pas compte une époque",
      log: "Logarithmique",
      smoothing: "Lissage",
      reset: "Tout afficher",
      none: "Aucune métrique n’a encore été enregistrée. Les courbes apparaissent avec la première.",
      noMatch: "Aucune métrique ne correspond.",
    },
  },
);

/** So many panels are open while they are all that the run has, or that a search has found. */
const FIRST_OPEN = 3;
const AT_ONCE = 24;

interface Props {
  runId: string;
  names: readonly string[];
  stepsPerEpoch: number | null;
}

export function Charts({ runId, names, stepsPerEpoch }: Props) {
  const t = useWords(texts);
  const language = useLanguage((choice) => choice.language);
  const catalog = useMetricCatalog((state) => state.catalog);
  const [search, setSearch] = useAddressText("metric");
  useChartAddress();
  const { main, others } = useMemo(() => chartList(names, catalog), [names, catalog]);
  const panels = useMemo(
    () => panelsOf(others, ({ metrics: [first = ""] }) => first, catalog, language),
    [others, catalog, language],
  );
  const wanted = useDeferredValue(search);
  const [mainShown, panelsShown] = useMemo(
    () => [
      chartsWith(main, wanted, textsOf(language)),
      panelsWith(panels, wanted, textsOf(language)),
    ],
    [main, panels, wanted, language],
  );
  const areOpen = main.length === 0 || wanted !== "";
  const draw = (spec: ChartSpec) => (
    <SpecChart key={spec.key} runId={runId} spec={spec} stepsPerEpoch={stepsPerEpoch} />
  );
  return (
    <Section title={t.charts} tools={<ChartTools stepsPerEpoch={stepsPerEpoch} />}>
      {names.length === 0 && <Empty>{t.none}</Empty>}
      {(others.length > 0 || search !== "") && <MetricSearch text={search} onChange={setSearch} />}
      {search !== "" && mainShown.length + panelsShown.length === 0 && <Empty>{t.noMatch}</Empty>}
      <div className={styles.grid}>{mainShown.map(draw)}</div>
      <PanelList panels={panelsShown} numOpen={areOpen ? FIRST_OPEN : 0} step={AT_ONCE}>
        {draw}
      </PanelList>
    </Section>
  );
}

/** The texts by which a chart is found. */
function textsOf(language: Language) {
  return ({ metrics, label }: ChartSpec): string[] =>
    label ? [label[language], ...metrics] : [...metrics];
}

/** The options of all charts of a page. */
export function ChartTools({ stepsPerEpoch }: { stepsPerEpoch: number | null }) {
  const t = useWords(texts);
  const { axis, isLog, smoothing, zoom } = useChartOptions();
  const { percent } = useFormats();
  const set = useChartOptions.setState;
  return (
    <>
      {zoom && <Button onClick={() => set({ zoom: null })}>{t.reset}</Button>}
      <label>
        {t.axis}
        <select
          value={stepsPerEpoch ? axis : "step"}
          onChange={(event) => set({ axis: event.target.value === "epoch" ? "epoch" : "step" })}
        >
          <option value="step">{t.step}</option>
          <option value="epoch" disabled={!stepsPerEpoch} title={stepsPerEpoch ? "" : t.noEpochs}>
            {t.epoch}
          </option>
        </select>
      </label>
      <label>
        {t.smoothing}
        <input
          type="range"
          min="0"
          max={MAX_SMOOTHING}
          step="0.02"
          value={smoothing}
          aria-valuetext={percent(smoothing, 0)}
          onChange={(event) => set({ smoothing: Number(event.target.value) })}
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={isLog}
          onChange={(event) => set({ isLog: event.target.checked })}
        />
        {t.log}
      </label>
    </>
  );
}

interface SpecProps {
  runId: string;
  spec: ChartSpec;
  stepsPerEpoch: number | null;
}

function SpecChart({ runId, spec: { metrics, label }, stepsPerEpoch }: SpecProps) {
  const language = useLanguage((choice) => choice.language);
  const lines = useMemo(
    () =>
      metrics.map((metric, index): ChartLine => ({
        ...styleOfMetric(index),
        runId,
        metric,
        label: metric,
      })),
    [runId, metrics],
  );
  const title = label?.[language] ?? metrics.join(", ");
  return <Chart title={title} lines={lines} stepsPerEpoch={stepsPerEpoch} />;
}
