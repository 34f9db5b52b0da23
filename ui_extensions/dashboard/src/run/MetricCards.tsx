import { useEffect, useState } from "react";
import { NOTHING, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { curves } from "../live/session";
import styles from "./MetricCards.module.css";
import { type CardSpec, cardsFor, type Trend, trendOf } from "./metricTrend";

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
  return (
    <ul className={styles.cards} aria-label={t.newest}>
      {cardsFor(names).map((spec) => (
        <Card key={spec.metric} runId={runId} spec={spec} />
      ))}
    </ul>
  );
}

function Card({ runId, spec }: { runId: string; spec: CardSpec }) {
  const t = useWords(texts);
  const { metric } = useFormats();
  const { value, direction, best } = useTrend(runId, spec);
  const isFlat = direction === "flat";
  const isBetter = (direction === "up") !== spec.isBetterLow;
  return (
    <li className={styles.card}>
      <span className={styles.name}>{spec.metric}</span>
      <span className={styles.value}>{value === undefined ? NOTHING : metric(value)}</span>
      <span className={styles.trend}>
        {direction && (
          <span className={isFlat ? undefined : isBetter ? styles.better : styles.worse}>
            <span aria-hidden="true">{ARROWS[direction]}</span>{" "}
            {isFlat ? t.flat : isBetter ? t.better : t.worse}
            {!isFlat && <span className="visually-hidden"> ({t[direction]})</span>}
          </span>
        )}
        {best !== undefined && <span>{t.best(metric(best))}</span>}
      </span>
    </li>
  );
}

/** Read from the curve a few times a second at most: nobody reads faster. */
function useTrend(runId: string, spec: CardSpec): Trend {
  const [trend, setTrend] = useState<Trend>({
    value: undefined,
    direction: undefined,
    best: undefined,
  });
  useEffect(() => {
    let timer = 0;
    const read = (): void => {
      timer = 0;
      setTrend(trendOf(curves.curve(runId, spec.metric).series.view(), spec.isBetterLow));
    };
    read();
    const stop = curves.watch(runId, () => {
      timer ||= window.setTimeout(read, REFRESH_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [runId, spec.metric, spec.isBetterLow]);
  return trend;
}
