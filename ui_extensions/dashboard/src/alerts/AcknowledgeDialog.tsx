import { type FormEvent, useId, useState } from "react";
import { asRequestError, RequestError } from "../../../live/rest";
import type { CriticalAlert } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { storeAlerts, useLive } from "../live/liveStore";
import { rest } from "../live/session";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { ErrorNote } from "../ui/ErrorNote";
import { useNow } from "../ui/useNow";
import { AlertMessage } from "./AlertSentence";
import styles from "./AcknowledgeDialog.module.css";
import { Acknowledgement } from "./Acknowledgement";
import { LevelBadge } from "./LevelBadge";
import { fetchAlert } from "./useOpenAlerts";

const LONGEST_NOTE = 2000;

const texts = words(
  {
    title: (condition: string) => `Acknowledge ${condition}?`,
    titleAcknowledged: (condition: string) => `${condition} is acknowledged`,
    means:
      "Everybody sees that you have acknowledged it, and reminders end. The alert stays open until its values are back to normal.",
    meansPast: "Everybody sees that you have acknowledged it.",
    note: "Note (optional)",
    placeholder: "What you found, or what you will do",
    left: (count: string) => `${count} characters left`,
    cancel: "Cancel",
    close: "Close",
    acknowledge: "Acknowledge",
    before: "It was acknowledged in the meantime:",
  },
  {
    fr: {
      title: (condition) => `Acquitter ${condition} ?`,
      titleAcknowledged: (condition) => `${condition} est acquittée`,
      means:
        "Tout le monde voit que vous l’avez acquittée, et les rappels cessent. L’alerte reste ouverte jusqu’à ce que ses valeurs redeviennent normales.",
      meansPast: "Tout le monde voit que vous l’avez acquittée.",
      note: "Note (facultative)",
      placeholder: "Ce que vous avez trouvé, ou ce que vous allez faire",
      left: (count) => `encore ${count} caractères`,
      cancel: "Annuler",
      close: "Fermer",
      acknowledge: "Acquitter",
      before: "Elle a été acquittée entre-temps :",
    },
  },
);

interface Props {
  /** The alert when the dialog was opened; a newer live version replaces it. */
  alert: CriticalAlert;
  onClose(): void;
  onDone?(alert: CriticalAlert): void;
}

export function AcknowledgeDialog({ alert: chosen, onClose, onDone }: Props) {
  const t = useWords(texts);
  const alert = useLive((live) => live.alerts[chosen.alert_id]) ?? chosen;
  const [note, setNote] = useState("");
  const { isPending, error, acknowledge } = useAcknowledgement(chosen.alert_id, (done) => {
    onDone?.(done);
    onClose();
  });
  const isAcknowledged = alert.acknowledged_by !== null && !isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending) {
      void acknowledge(note);
    }
  };
  return (
    <Dialog
      title={isAcknowledged ? t.titleAcknowledged(alert.condition) : t.title(alert.condition)}
      onClose={onClose}
    >
      <form className={styles.form} onSubmit={submit}>
        <p className={styles.message}>
          <LevelBadge alert={alert} /> <AlertMessage alert={alert} />
        </p>
        {error && <ErrorNote error={error} />}
        {isAcknowledged ? (
          <Acknowledged alert={alert} title={error ? "" : t.before} />
        ) : (
          <>
            <p>{alert.state === "firing" ? t.means : t.meansPast}</p>
            <Note value={note} onChange={setNote} />
          </>
        )}
        <DialogActions>
          <Button onClick={onClose}>{isAcknowledged ? t.close : t.cancel}</Button>
          {!isAcknowledged && (
            <Button type="submit" variant="primary" isBusy={isPending}>
              {t.acknowledge}
            </Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Acknowledged({ alert, title }: { alert: CriticalAlert; title: string }) {
  const nowMs = useNow(15_000);
  return (
    <div role="status">
      {title !== "" && <p>{title}</p>}
      <Acknowledgement alert={alert} nowMs={nowMs} />
    </div>
  );
}

function Note({ value, onChange }: { value: string; onChange(note: string): void }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const id = useId();
  return (
    <div className={styles.note}>
      <label htmlFor={id}>{t.note}</label>
      <textarea
        id={id}
        rows={4}
        maxLength={LONGEST_NOTE}
        value={value}
        placeholder={t.placeholder}
        aria-describedby={`${id}-left`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-left`} className={styles.left}>
        {t.left(whole(LONGEST_NOTE - value.length))}
      </p>
    </div>
  );
}

function useAcknowledgement(alertId: string, onDone: (alert: CriticalAlert) => void) {
  const [isPending, setIsPending] = useState(false);
  const [error, setError] = useState<RequestError>();
  const acknowledge = async (note: string) => {
    setIsPending(true);
    setError(undefined);
    try {
      const path = `api/alerts/acknowledge/${encodeURIComponent(alertId)}`;
      const done = await rest.post<CriticalAlert>(path, {}, { note: note.trim() });
      storeAlerts([done]);
      onDone(done);
    } catch (refusal) {
      if (refusal instanceof RequestError && refusal.status === 409) {
        // The alert itself says who acknowledged it, and with which note.
        await fetchAlert(alertId).catch(() => {});
      }
      setError(asRequestError(refusal));
      setIsPending(false);
    }
  };
  return { isPending, error, acknowledge };
}
