import { useMemo } from "react";
import { useWords, words } from "../i18n/words";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import { headlineNames } from "../metrics/headlines";
import { useAddressText } from "../ui/addressState";
import { Section } from "../ui/Section";
import { shortName } from "../ui/shortName";
import type { MetricCatalog, RunComparison } from "../../../live/schemas";
import type { ComparedRun } from "./comparedRuns";
import { tellingFirst } from "./fieldOrder";
import { ParallelCoordinates } from "./ParallelCoordinates";
import { Scatter } from "./Scatter";

const texts = words(
  {
    title: "Params against a metric",
    param: "Param",
    metric: "Metric",
    scatter: "One param",
    parallel: "All params that differ",
  },
  {
    fr: {
      title: "Paramètres et une métrique",
      param: "Paramètre",
      metric: "Métrique",
      scatter: "Un paramètre",
      parallel: "Tous les paramètres qui diffèrent",
    },
  },
);

/** More axes are not legible side by side. */
const MOST_AXES = 8;

interface Props {
  comparison: RunComparison;
  runs: readonly ComparedRun[];
}

/** Nothing if the runs have no metric, or no param that differs. */
export function ParamPlots({ comparison, runs }: Props) {
  const t = useWords(texts);
  const catalog = useMetricCatalog((state) => state.catalog);
  const params = useMemo(
    () => tellingFirst(comparison.params.filter(({ differs }) => differs)).map(({ name }) => name),
    [comparison],
  );
  const metrics = useMemo(() => comparison.metrics.map(({ name }) => name), [comparison]);
  const main = useMemo(() => ofMostRuns(comparison, catalog), [comparison, catalog]);
  const [x, setX] = useAddressText("x");
  const [y, setY] = useAddressText("y");
  const param = params.includes(x) ? x : params[0];
  const metric = metrics.includes(y) ? y : (main ?? metrics[0]);
  if (param === undefined || metric === undefined) {
    return null;
  }
  const axes = [param, ...params.filter((name) => name !== param)].slice(0, MOST_AXES);
  return (
    <Section
      title={t.title}
      tools={
        <>
          <Choice label={t.param} names={params} chosen={param} onChoose={setX} />
          <Choice label={t.metric} names={metrics} chosen={metric} onChoose={setY} />
        </>
      }
    >
      <h3>{t.scatter}</h3>
      <Scatter comparison={comparison} runs={runs} param={param} metric={metric} />
      <h3>{t.parallel}</h3>
      <ParallelCoordinates
        comparison={comparison}
        runs={runs}
        fields={[...axes.map((name) => `params.${name}`), `metrics.${metric}`]}
      />
    </Section>
  );
}

/** The main metric that the most runs have: of another one, most runs have no point. */
function ofMostRuns({ metrics }: RunComparison, catalog: MetricCatalog): string | undefined {
  const numRuns = new Map(
    metrics.map(({ name, values }) => [name, values.filter((value) => value !== null).length]),
  );
  const mains = headlineNames([...numRuns.keys()], catalog);
  return mains.sort((a, b) => (numRuns.get(b) ?? 0) - (numRuns.get(a) ?? 0))[0];
}

interface ChoiceProps {
  label: string;
  names: readonly string[];
  chosen: string;
  onChoose(name: string): void;
}

function Choice({ label, names, chosen, onChoose }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={chosen} onChange={(event) => onChoose(event.target.value)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {shortName(name)}
          </option>
        ))}
      </select>
    </label>
  );
}
