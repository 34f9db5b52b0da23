import { useState } from "react";
import styles from "./RunHistory.module.css";
import { Timeline } from "./Timeline";

interface Props {
  runId: string;
  title: string;
}

/** A run's timeline, read only where somebody wants to see it. */
export function RunHistory({ runId, title }: Props) {
  const [isShown, setIsShown] = useState(false);
  return (
    <details onToggle={(event) => setIsShown(event.currentTarget.open)}>
      <summary className={styles.summary}>{title}</summary>
      {isShown && <Timeline runId={runId} />}
    </details>
  );
}
