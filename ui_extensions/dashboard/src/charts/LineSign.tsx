import styles from "./LineSign.module.css";
import { DASHES, type LineStyle } from "./lineStyle";

/** A piece of a line as the charts draw it. */
export function LineSign({ series, dash, isBold = false }: LineStyle) {
  return (
    <svg className={styles.sign} viewBox="0 0 22 8" width="22" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="22"
        y2="4"
        stroke={`var(--series-${series})`}
        strokeWidth={isBold ? 5 : 3}
        strokeDasharray={DASHES[dash].join(" ")}
      />
    </svg>
  );
}
