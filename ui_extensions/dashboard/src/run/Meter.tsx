import styles from "./Meter.module.css";

interface Props {
  label: string;
  /** Share of the maximum; null if unknown: then there is no bar. */
  percent: number | null;
  text: string;
  /** The problem in words. */
  warning?: string | undefined;
}

/** One reading in a list of terms: label, value, and a bar that screen readers skip. */
export function Meter({ label, percent, text, warning }: Props) {
  const width = Math.min(100, Math.max(0, percent ?? 0));
  return (
    <div className={`${styles.meter} ${warning ? styles.warning : ""}`}>
      <dt>{label}</dt>
      <dd>
        <span className={styles.value}>
          {warning && (
            <strong className={styles.words}>
              <span aria-hidden="true">▲ </span>
              {warning}
            </strong>
          )}
          <span>{text}</span>
        </span>
        {percent !== null && (
          <span className={styles.track} aria-hidden="true">
            <span className={styles.bar} style={{ width: `${width}%` }} />
          </span>
        )}
      </dd>
    </div>
  );
}
