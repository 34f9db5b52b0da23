import { useState } from "react";
import styles from "./RunHistory.module.css";
import { Timeline } from "./Timeline";

interface Props {
  runId: string;
  title: string;
}

/** A run's timeline, loaded when it is opened. */
export function RunHistory({ runId, title }: Props) {
  const [isShown, setIsShown] = useState(false);
  return (
    <details onToggle={(event) => setIsShown(event.currentTarget.open)}>
      <summary className={styles.summary}>{title}</summary>
      {isShown && <Timeline runId={runId} />}
    </details>
  );
}
