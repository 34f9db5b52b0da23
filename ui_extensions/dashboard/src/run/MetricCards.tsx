import { useEffect, useState } from "react";
import type { MetricDirection } from "../../../live/schemas";
import { NOTHING, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { curves } from "../live/session";
import { directionOf } from "../metrics/metricCatalog";
import { useMetricCatalog } from "../metrics/useMetricCatalog";
import styles from "./MetricCards.module.css";
import { cardMetrics, type Trend, trendOf } from "./metricTrend";

const texts = words(
  {
    newest: "Newest values",
    best: (value: string) => `best ${value}`,
    up: "rising",
    down: "falling",
    flat: "steady",
    better: "getting better",
    worse: "getting worse",
  },
  {
    fr: {
      newest: "Dernières valeurs",
      best: (value) => `meilleure ${value}`,
      up: "en hausse",
      down: "en baisse",
      flat: "stable",
      better: "s’améliore",
      worse: "se dégrade",
    },
  },
);

const REFRESH_MS = 250;
const ARROWS = { up: "↗", down: "↘", flat: "→" } as const;

export function MetricCards({ runId, names }: { runId: string; names: readonly string[] }) {
  const t = useWords(texts);
  const catalog = useMetricCatalog((state) => state.catalog);
  return (
    <ul className={styles.cards} aria-label={t.newest}>
      {cardMetrics(names, catalog).map((name) => (
        <Card key={name} runId={runId} name={name} better={directionOf(name, catalog)} />
      ))}
    </ul>
  );
}

interface CardProps {
  runId: string;
  name: string;
  better: MetricDirection;
}

function Card({ runId, name, better }: CardProps) {
  const t = useWords(texts);
  const { metric } = useFormats();
  const { value, direction, best } = useTrend(runId, name, better);
  const isFlat = direction === "flat";
  const isJudged = !isFlat && better !== "none";
  const isBetter = (direction === "up") === (better === "higher");
  return (
    <li className={styles.card}>
      <span className={styles.name}>{name}</span>
      <span className={styles.value}>{value === undefined ? NOTHING : metric(value)}</span>
      <span className={styles.trend}>
        {direction && (
          <span className={isJudged ? (isBetter ? styles.better : styles.worse) : undefined}>
            <span aria-hidden="true">{ARROWS[direction]}</span>{" "}
            {isJudged ? (isBetter ? t.better : t.worse) : t[direction]}
            {isJudged && <span className="visually-hidden"> ({t[direction]})</span>}
          </span>
        )}
        {best !== undefined && <span>{t.best(metric(best))}</span>}
      </span>
    </li>
  );
}

/** Computed from the curve at most once in REFRESH_MS. */
function useTrend(runId: string, name: string, better: MetricDirection): Trend {
  const [trend, setTrend] = useState<Trend>({
    value: undefined,
    direction: undefined,
    best: undefined,
  });
  useEffect(() => {
    let timer = 0;
    const read = (): void => {
      timer = 0;
      setTrend(trendOf(curves.curve(runId, name).series.view(), better));
    };
    read();
    const stop = curves.watch(runId, () => {
      timer ||= window.setTimeout(read, REFRESH_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [runId, name, better]);
  return trend;
}
