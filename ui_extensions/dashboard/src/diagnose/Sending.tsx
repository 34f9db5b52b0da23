import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import styles from "./Sending.module.css";

const texts = words(
  {
    sending: (share: string) => `Sending the images: ${share}`,
    working: "The images are being diagnosed…",
    progress: "Sent",
    cancel: "Cancel",
  },
  {
    fr: {
      sending: (share) => `Envoi des images : ${share}`,
      working: "Le diagnostic des images est en cours…",
      progress: "Envoyé",
      cancel: "Annuler",
    },
  },
);

/** `share` is how much of the images has been sent, from 0 to 1. */
export function Sending({ share, onCancel }: { share: number; onCancel(): void }) {
  const t = useWords(texts);
  const { percent } = useFormats();
  const isSent = share >= 1;
  return (
    <div className={styles.sending}>
      <p role="status">{isSent ? t.working : t.sending(percent(share, 0))}</p>
      <div
        className={styles.bar}
        role="progressbar"
        aria-label={t.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={isSent ? undefined : Math.round(share * 100)}
        aria-valuetext={isSent ? t.working : undefined}
        data-unknown={isSent || undefined}
      >
        <span style={{ inlineSize: isSent ? undefined : `${share * 100}%` }} />
      </div>
      <Button onClick={onCancel}>{t.cancel}</Button>
    </div>
  );
}
