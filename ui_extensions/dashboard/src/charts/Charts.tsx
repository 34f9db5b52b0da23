import { useDeferredValue, useMemo } from "react";
import { useFormats } from "../i18n/useFormats";
import { useLanguage } from "../i18n/language";
import { useWords, words } from "../i18n/words";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import { useAddressCount, useAddressText } from "../ui/addressState";
import { Button } from "../ui/Button";
import { Empty, Section } from "../ui/Section";
import { ShowMore } from "../ui/ShowMore";
import { Chart } from "./Chart";
import styles from "./Charts.module.css";
import { useChartAddress } from "./chartAddress";
import { type ChartSpec, chartList } from "./chartList";
import { MAX_SMOOTHING, useChartOptions } from "./chartOptions";
import { type ChartLine, styleOfMetric } from "./lineStyle";

const texts = words(
  {
    charts: "Charts",
    others: "More metrics",
    axis: "Axis",
    step: "Steps",
    epoch: "Epochs",
    noEpochs: "The run does not say how many steps an epoch has",
    log: "Logarithmic",
    smoothing: "Smoothing",
    reset: "Show everything",
    search: "Find a metric",
    none: "No metric has been logged yet. Charts appear with the first one.",
    noMatch: "No metric matches.",
  },
  {
    fr: {
      charts: "Courbes",
      others: "Autres métriques",
      axis: "Axe",
      step: "Pas",
      epoch: "Époques",
      noEpochs: "L’entraînement ne dit pas combien de pas compte une époque",
      log: "Logarithmique",
      smoothing: "Lissage",
      reset: "Tout afficher",
      search: "Chercher une métrique",
      none: "Aucune métrique n’a encore été enregistrée. Les courbes apparaissent avec la première.",
      noMatch: "Aucune métrique ne correspond.",
    },
  },
);

const AT_ONCE = 24;
const MOST = 10_000;

interface Props {
  runId: string;
  names: readonly string[];
  stepsPerEpoch: number | null;
}

export function Charts({ runId, names, stepsPerEpoch }: Props) {
  const t = useWords(texts);
  const catalog = useMetricCatalog((state) => state.catalog);
  useChartAddress();
  const { main, others } = useMemo(() => chartList(names, catalog), [names, catalog]);
  return (
    <Section title={t.charts} tools={<ChartTools stepsPerEpoch={stepsPerEpoch} />}>
      {names.length === 0 && <Empty>{t.none}</Empty>}
      <Grid runId={runId} specs={main} stepsPerEpoch={stepsPerEpoch} />
      {others.length > 0 && (
        <Others
          runId={runId}
          specs={others}
          stepsPerEpoch={stepsPerEpoch}
          isOpen={main.length === 0}
        />
      )}
    </Section>
  );
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

interface GridProps {
  runId: string;
  specs: readonly ChartSpec[];
  stepsPerEpoch: number | null;
}

function Grid({ runId, specs, stepsPerEpoch }: GridProps) {
  return (
    <div className={styles.grid}>
      {specs.map((spec) => (
        <SpecChart key={spec.key} runId={runId} spec={spec} stepsPerEpoch={stepsPerEpoch} />
      ))}
    </div>
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

/** Any number of metrics, searchable by name and shown in steps of AT_ONCE. */
function Others({ runId, specs, stepsPerEpoch, isOpen }: GridProps & { isOpen: boolean }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [search, setSearch] = useAddressText("metric");
  const [limit, setLimit] = useAddressCount("charts", AT_ONCE, MOST);
  const [named, setNamed] = useAddressText("more");
  const isShown = named === "" ? isOpen || search !== "" || limit > AT_ONCE : named === "yes";
  const wanted = useDeferredValue(search).trim().toLowerCase();
  const found = specs.filter(({ metrics }) =>
    metrics.some((name) => name.toLowerCase().includes(wanted)),
  );
  const left = found.length - limit;
  return (
    <details
      className={styles.others}
      open={isShown}
      onToggle={({ currentTarget: { open } }) => {
        if (open !== isShown) {
          setNamed(open ? "yes" : "no");
        }
      }}
    >
      <summary>
        <h3>{`${t.others} (${whole(specs.length)})`}</h3>
      </summary>
      <label className={styles.search}>
        {t.search}
        <input
          type="search"
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setLimit(AT_ONCE);
          }}
        />
      </label>
      {found.length === 0 && <Empty>{t.noMatch}</Empty>}
      <Grid runId={runId} specs={found.slice(0, limit)} stepsPerEpoch={stepsPerEpoch} />
      <ShowMore left={left} step={AT_ONCE} onMore={() => setLimit(limit + AT_ONCE)} />
    </details>
  );
}
