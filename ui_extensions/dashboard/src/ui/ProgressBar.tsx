import styles from "./ProgressBar.module.css";

interface Props {
  label: string;
  /** How much is done, from 0 to 1; null if unknown. */
  share: number | null;
  /** Says what is known, if the share is not. */
  unknown?: string;
  /** Whether something goes on whose share is unknown: the bar then moves. */
  isWorking?: boolean;
}

export function ProgressBar({ label, share, unknown, isWorking = false }: Props) {
  const isUnknown = share === null;
  const isMoving = isUnknown && isWorking;
  return (
    <div
      className={styles.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={isUnknown ? undefined : Math.round(share * 100)}
      aria-valuetext={isUnknown ? unknown : undefined}
      data-unknown={isUnknown || undefined}
      data-working={isMoving || undefined}
    >
      <span style={{ inlineSize: isMoving ? undefined : `${(share ?? 0) * 100}%` }} />
    </div>
  );
}
