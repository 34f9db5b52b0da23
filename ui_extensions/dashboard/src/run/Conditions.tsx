import type { CriticalCondition } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { Badge, type Tone } from "../ui/Badge";
import { Section } from "../ui/Section";
import styles from "./Conditions.module.css";
import { inOrder, scaleStart } from "./conditionOrder";

const texts = words(
  {
    conditions: "Critical conditions",
    ok: "above its floor",
    warning: "below its floor",
    critical: "far below its floor",
    no_data: "no positives seen",
    floor: (value: string) => `floor ${value}`,
    interval: (low: string, high: string) => `95% interval ${low} to ${high}`,
    support: (count: string) => `${count} positives`,
    unsupported: "number of positives not logged",
    unproven: "not proven: the interval extends below the floor",
    scale: (sensitivity: string) => `Sensitivity ${sensitivity}`,
    shipped: "Not all floors of this run can be used:",
  },
  {
    fr: {
      conditions: "Affections critiques",
      ok: "au-dessus du seuil",
      warning: "sous le seuil",
      critical: "très en dessous du seuil",
      no_data: "aucun cas vu",
      floor: (value) => `seuil ${value}`,
      interval: (low, high) => `intervalle à 95 % : ${low} à ${high}`,
      support: (count) => `${count} positifs`,
      unsupported: "nombre de positifs non enregistré",
      unproven: "non prouvé : l’intervalle descend sous le seuil",
      scale: (sensitivity) => `Sensibilité ${sensitivity}`,
      shipped: "Tous les seuils de cet entraînement ne sont pas utilisables :",
    },
  },
);

const TONES: Record<CriticalCondition["status"], Tone> = {
  ok: "ok",
  warning: "warning",
  critical: "critical",
  no_data: "stale",
};

const NONE: Record<string, CriticalCondition> = {};

export function Conditions({ runId }: { runId: string }) {
  const t = useWords(texts);
  const conditions = useLive((live) => live.runs[runId]?.metrics?.critical_conditions) ?? NONE;
  const problem = useLive((live) => live.runs[runId]?.status?.threshold_problem) ?? null;
  const listed = inOrder(conditions);
  if (listed.length === 0 && problem === null) {
    return null;
  }
  return (
    <Section title={t.conditions}>
      {problem !== null && (
        <p className={styles.problem}>
          <Badge tone="warning">{t.shipped}</Badge> <span lang="en">{problem}</span>
        </p>
      )}
      <ul className={styles.conditions}>
        {listed.map(([name, condition]) => (
          <Condition key={name} name={name} condition={condition} />
        ))}
      </ul>
    </Section>
  );
}

function Condition({ name, condition }: { name: string; condition: CriticalCondition }) {
  const t = useWords(texts);
  const { percent, whole } = useFormats();
  const { sensitivity, threshold, status, support, confidence_interval: interval } = condition;
  const isUnproven =
    status === "ok" && interval !== null && threshold !== null && interval[0] < threshold;
  const start = scaleStart(condition);
  const at = (value: number): string =>
    `${((Math.min(1, Math.max(value, start)) - start) / (1 - start)) * 100}%`;
  return (
    <li className={styles.condition}>
      <div className={styles.head}>
        <h3>{name.replaceAll("_", " ")}</h3>
        <Badge tone={TONES[status]}>{t[status]}</Badge>
      </div>
      <p className={styles.value}>{percent(sensitivity)}</p>
      <div
        className={styles.scale}
        role="img"
        aria-label={t.scale(percent(sensitivity))}
        data-tone={TONES[status]}
      >
        {interval && (
          <span
            className={styles.interval}
            style={{
              insetInlineStart: at(interval[0]),
              inlineSize: `${Math.max(1, ((interval[1] - interval[0]) / (1 - start)) * 100)}%`,
            }}
          />
        )}
        {sensitivity !== null && (
          <span className={styles.point} style={{ insetInlineStart: at(sensitivity) }} />
        )}
        {threshold !== null && (
          <span className={styles.floor} style={{ insetInlineStart: at(threshold) }} />
        )}
      </div>
      <p className={styles.ends} aria-hidden="true">
        <span>{percent(start, 0)}</span>
        <span>{percent(1, 0)}</span>
      </p>
      <p className={styles.facts}>
        {[
          threshold === null ? "" : t.floor(percent(threshold, 0)),
          interval ? t.interval(percent(interval[0]), percent(interval[1])) : "",
          support === null ? t.unsupported : t.support(whole(support)),
          isUnproven ? t.unproven : "",
        ]
          .filter((fact) => fact !== "")
          .join(" · ")}
      </p>
    </li>
  );
}
