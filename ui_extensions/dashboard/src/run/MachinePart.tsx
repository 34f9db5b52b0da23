import type { ReactNode } from "react";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import styles from "./MachinePart.module.css";

const texts = words(
  {
    read: (ago: string) => `Read ${ago}`,
    old: (ago: string) => `Not live: last read ${ago}`,
  },
  {
    fr: {
      read: (ago) => `Relevé ${ago}`,
      old: (ago) => `Pas en direct : dernier relevé ${ago}`,
    },
  },
);

interface Props {
  title: string;
  /** When it was read, in ms since the Unix epoch; null where that is not known. */
  readMs: number | null;
  nowMs: number;
  isOld: boolean;
  children: ReactNode;
}

/** One of the machines: which it is, and how old its readings are. */
export function MachinePart({ title, readMs, nowMs, isOld, children }: Props) {
  const t = useWords(texts);
  const { ago } = useFormats();
  return (
    <div>
      <div className={styles.head}>
        <h3>{title}</h3>
        {readMs !== null &&
          (isOld ? (
            <Badge tone="stale">{t.old(ago(readMs, nowMs))}</Badge>
          ) : (
            <span className={styles.age}>{t.read(ago(readMs, nowMs))}</span>
          ))}
      </div>
      {children}
    </div>
  );
}
