import type { TrainingStatus } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { hasEnded, shareDone } from "../../../live/runStatus";
import { ProgressBar } from "./ProgressBar";
import styles from "./Progress.module.css";

const texts = words(
  {
    progress: "Progress",
    epoch: (epoch: string, total: string) =>
      total ? `Epoch ${epoch} of ${total}` : `Epoch ${epoch}`,
    step: (step: string) => `Step ${step}`,
    batch: (batch: string, total: string) => `batch ${batch} of ${total}`,
    left: (time: string) => `about ${time} left`,
    elapsed: (time: string) => `${time} so far`,
    took: (time: string) => `took ${time}`,
    unknown: "Total length unknown",
  },
  {
    fr: {
      progress: "Progression",
      epoch: (epoch, total) => (total ? `Époque ${epoch} sur ${total}` : `Époque ${epoch}`),
      step: (step) => `Pas ${step}`,
      batch: (batch, total) => `lot ${batch} sur ${total}`,
      left: (time) => `encore ${time} environ`,
      elapsed: (time) => `depuis ${time}`,
      took: (time) => `a duré ${time}`,
      unknown: "La durée totale n’est pas connue",
    },
  },
);

export function Progress({
  status,
  isCompact = false,
}: {
  status: TrainingStatus;
  isCompact?: boolean;
}) {
  const t = useWords(texts);
  const { whole, percent, duration } = useFormats();
  const share = shareDone(status);
  const parts = [
    status.epoch
      ? t.epoch(whole(status.epoch), status.total_epochs ? whole(status.total_epochs) : "")
      : "",
    !isCompact && status.batch && status.total_batches
      ? t.batch(whole(status.batch), whole(status.total_batches))
      : "",
    status.step !== null && status.step !== undefined ? t.step(whole(status.step)) : "",
    status.eta_seconds !== null && status.eta_seconds !== undefined
      ? t.left(duration(status.eta_seconds))
      : "",
    status.elapsed_time !== null && status.elapsed_time !== undefined
      ? (hasEnded(status.status) ? t.took : t.elapsed)(duration(status.elapsed_time))
      : "",
  ].filter((part) => part !== "");
  return (
    <div className={styles.progress}>
      <ProgressBar label={t.progress} share={share} unknown={t.unknown} />
      <p className={styles.text}>
        {share !== null && <strong>{percent(share, 0)}</strong>} {parts.join(" · ")}
      </p>
    </div>
  );
}
