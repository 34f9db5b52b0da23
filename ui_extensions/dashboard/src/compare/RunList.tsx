import { Link } from "wouter";
import { LineSign } from "../charts/LineSign";
import { useWords, words } from "../i18n/words";
import { closed } from "../../../live/bidi";
import { Button } from "../ui/Button";
import { runPath } from "../ui/hashLocation";
import { StatusBadge } from "../ui/StatusBadge";
import type { ComparedRun } from "./comparedRuns";
import styles from "./RunList.module.css";

const texts = words(
  {
    label: "Compared runs",
    baseline: "Baseline",
    pin: (name: string) => `Compare with ${name} as the baseline`,
    remove: (name: string) => `Leave ${name} out`,
  },
  {
    fr: {
      label: "Entraînements comparés",
      baseline: "Référence",
      pin: (name) => `Prendre ${name} comme référence`,
      remove: (name) => `Retirer ${name}`,
    },
  },
);

interface Props {
  runs: readonly ComparedRun[];
  /** The id of the new baseline; empty for none. */
  onPin(runId: string): void;
  onRemove(runId: string): void;
}

export function RunList({ runs, onPin, onRemove }: Props) {
  const t = useWords(texts);
  return (
    <ul className={styles.runs} aria-label={t.label}>
      {runs.map(({ row, name, style, isBaseline }) => (
        <li key={row.run_id} data-baseline={isBaseline || undefined}>
          <LineSign {...style} />
          <Link href={runPath(row.run_id)} className={styles.name} title={name}>
            <bdi>{closed(name)}</bdi>
          </Link>
          <StatusBadge status={row.status} />
          <Button
            variant="subtle"
            aria-pressed={isBaseline}
            aria-label={t.pin(name)}
            className={styles.pin}
            onClick={() => onPin(isBaseline ? "" : row.run_id)}
          >
            <span aria-hidden="true">{isBaseline ? "★" : "☆"}</span>{" "}
            <span className={styles.word}>{t.baseline}</span>
          </Button>
          <Button variant="subtle" aria-label={t.remove(name)} onClick={() => onRemove(row.run_id)}>
            ×
          </Button>
        </li>
      ))}
    </ul>
  );
}
