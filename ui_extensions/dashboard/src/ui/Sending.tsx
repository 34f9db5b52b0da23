import { useWords, words } from "../i18n/words";
import { Button } from "./Button";
import { ProgressBar } from "./ProgressBar";
import styles from "./Sending.module.css";

const texts = words(
  { progress: "Sent", cancel: "Cancel" },
  { fr: { progress: "Envoyé", cancel: "Annuler" } },
);

interface Props {
  /** How much has been sent, from 0 to 1. */
  share: number;
  /** Says how much has been sent. */
  sending: string;
  /** Says what the server does once it has everything. */
  working: string;
  onCancel(): void;
}

/** The progress of an upload, and then the wait for its answer. */
export function Sending({ share, sending, working, onCancel }: Props) {
  const t = useWords(texts);
  const isSent = share >= 1;
  return (
    <div className={styles.sending}>
      <p role="status">{isSent ? working : sending}</p>
      <ProgressBar label={t.progress} share={isSent ? null : share} unknown={working} isWorking />
      <Button onClick={onCancel}>{t.cancel}</Button>
    </div>
  );
}
