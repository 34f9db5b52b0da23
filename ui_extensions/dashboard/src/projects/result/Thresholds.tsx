import { useId, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { shortName } from "../../ui/shortName";
import type { EvaluatedClass, Interval } from "./evaluation";
import { NumberTable } from "./NumberTable";
import styles from "./Thresholds.module.css";

const texts = words(
  {
    title: "Where to draw the line",
    threshold: "Threshold of the probability",
    at: (threshold: string) => `From a probability of ${threshold} on`,
    completeness: "Completeness",
    completenessHint: (found: string, all: string, name: string) =>
      `finds ${found} of ${all} rows of ${name}`,
    reliability: "Reliability",
    reliabilityHint: (found: string, above: string) => `right in ${found} of ${above} rows`,
    nothing: "no row is above",
    interval: (low: string, high: string) => `95% interval ${low} to ${high}`,
    all: "All thresholds",
    above: "Rows above",
  },
  {
    fr: {
      title: "Où placer la limite",
      threshold: "Seuil de la probabilité",
      at: (threshold) => `À partir d’une probabilité de ${threshold}`,
      completeness: "Complétude",
      completenessHint: (found, all, name) => `trouve ${found} lignes de ${name} sur ${all}`,
      reliability: "Fiabilité",
      reliabilityHint: (found, above) => `juste pour ${found} lignes sur ${above}`,
      nothing: "aucune ligne n’est au-dessus",
      interval: (low, high) => `intervalle à 95 % : ${low} à ${high}`,
      all: "Tous les seuils",
      above: "Lignes au-dessus",
    },
  },
);

/** How many rows of the class are found at a threshold, and how many of those above are right. */
export function Thresholds({ shown }: { shown: EvaluatedClass }) {
  const t = useWords(texts);
  const { percent, whole, metric } = useFormats();
  const sliderId = useId();
  const rows = shown.thresholds;
  const [place, setPlace] = useState(() => nearestTo(rows, 0.5));
  const row = rows[Math.min(place, rows.length - 1)];
  if (!row) {
    return null;
  }
  const between = (interval: Interval | null): string =>
    interval === null ? "" : t.interval(percent(interval[0]), percent(interval[1]));
  return (
    <div className={styles.thresholds}>
      <h3>{t.title}</h3>
      <label htmlFor={sliderId}>{t.threshold}</label>
      <input
        id={sliderId}
        type="range"
        min={0}
        max={rows.length - 1}
        value={place}
        aria-valuetext={t.at(metric(row.threshold))}
        onChange={(event) => setPlace(Number(event.target.value))}
      />
      <p role="status">{t.at(metric(row.threshold))}</p>
      <dl className={styles.pair}>
        <div>
          <dt>{t.completeness}</dt>
          <dd>
            <strong>{percent(row.completeness)}</strong>
            <span>
              {t.completenessHint(whole(row.numFound), whole(shown.support), shortName(shown.name))}
            </span>
            <span>{between(row.completenessInterval)}</span>
          </dd>
        </div>
        <div>
          <dt>{t.reliability}</dt>
          <dd>
            <strong>{percent(row.reliability)}</strong>
            <span>
              {row.numAbove === 0
                ? t.nothing
                : t.reliabilityHint(whole(row.numFound), whole(row.numAbove))}
            </span>
            <span>{between(row.reliabilityInterval)}</span>
          </dd>
        </div>
      </dl>
      <NumberTable
        title={t.all}
        heads={[t.threshold, t.completeness, t.reliability, t.above]}
        rows={rows.map((each) => [
          metric(each.threshold),
          percent(each.completeness),
          percent(each.reliability),
          whole(each.numAbove),
        ])}
      />
    </div>
  );
}

function nearestTo(rows: EvaluatedClass["thresholds"], wanted: number): number {
  const distances = rows.map(({ threshold }) => Math.abs(threshold - wanted));
  return Math.max(0, distances.indexOf(Math.min(...distances)));
}
