import type { ReactNode } from "react";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import styles from "./MachinePart.module.css";

const texts = words(
  {
    read: (ago: string) => `Measured ${ago}`,
    old: (ago: string) => `Not live: last measured ${ago}`,
  },
  {
    fr: {
      read: (ago) => `Mesuré ${ago}`,
      old: (ago) => `Pas en direct : dernière mesure ${ago}`,
    },
  },
);

interface Props {
  title: string;
  /** Time of the reading, in ms since the Unix epoch; null if unknown. */
  readMs: number | null;
  nowMs: number;
  isOutdated: boolean;
  children: ReactNode;
}

/** One machine: its title, and the age of its readings. */
export function MachinePart({ title, readMs, nowMs, isOutdated, children }: Props) {
  const t = useWords(texts);
  const { ago } = useFormats();
  return (
    <div>
      <div className={styles.head}>
        <h3>{title}</h3>
        {readMs !== null &&
          (isOutdated ? (
            <Badge tone="stale">{t.old(ago(readMs, nowMs))}</Badge>
          ) : (
            <span className={styles.age}>{t.read(ago(readMs, nowMs))}</span>
          ))}
      </div>
      {children}
    </div>
  );
}
