import { useState } from "react";
import type { JobCancelled } from "../../../live/schemas";
import { shortId, useRunName } from "../alerts/useRunName";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { ErrorNote } from "../ui/ErrorNote";
import { useAction } from "../ui/useAction";

const texts = words(
  {
    cancel: "Cancel…",
    title: (name: string) => `Cancel ${name}?`,
    text: "A training finishes its step, saves a checkpoint and ends. A job that waits never begins.",
    yes: "Cancel the job",
    no: "Keep it",
    close: "Close",
    acknowledged: (step: string) => `Acknowledged after step ${step}.`,
    ended: "The job has ended.",
    sent: "Sent. The job has not acknowledged it yet.",
  },
  {
    fr: {
      cancel: "Annuler…",
      title: (name) => `Annuler ${name} ?`,
      text: "Un entraînement finit son pas, enregistre un point de contrôle et se termine. Une tâche qui attend ne commence jamais.",
      yes: "Annuler la tâche",
      no: "La garder",
      close: "Fermer",
      acknowledged: (step) => `Confirmé après le pas ${step}.`,
      ended: "La tâche est terminée.",
      sent: "Transmis. La tâche ne l’a pas encore confirmé.",
    },
  },
);

/** Seconds that the server waits for the acknowledgement. */
const TIMEOUT_S = 15;

interface Props {
  jobId: string;
  onChanged(): void;
}

/** Cancels a job once it is confirmed, and says whether the job has acknowledged it. */
export function CancelJob({ jobId, onChanged }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const name = useRunName(jobId) || shortId(jobId);
  const [isOpen, setIsOpen] = useState(false);
  const [answer, setAnswer] = useState<JobCancelled>();
  const { isBusy, error, run } = useAction();
  const cancel = () =>
    run(
      () =>
        rest.post<JobCancelled>(
          `api/jobs/${encodeURIComponent(jobId)}/cancel`,
          { timeout_s: TIMEOUT_S },
          {},
          (TIMEOUT_S + 15) * 1000,
        ),
      setAnswer,
    );
  const close = () => {
    setIsOpen(false);
    if (answer) {
      onChanged();
    }
  };
  const outcome = answer && outcomeOf(t, answer, whole);
  return (
    <>
      <Button onClick={() => setIsOpen(true)}>
        {t.cancel} <span className="visually-hidden">{name}</span>
      </Button>
      {isOpen && (
        <Dialog title={t.title(name)} onClose={close}>
          <p role="status">{outcome ?? t.text}</p>
          {error && <ErrorNote error={error} />}
          <DialogActions>
            <Button onClick={close}>{answer ? t.close : t.no}</Button>
            {!answer && (
              <Button variant="danger" isBusy={isBusy} onClick={cancel}>
                {t.yes}
              </Button>
            )}
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}

function outcomeOf(
  t: (typeof texts)["en"],
  { acknowledged, acknowledged_step: step }: JobCancelled,
  whole: (value: number) => string,
): string {
  if (!acknowledged) {
    return t.sent;
  }
  return typeof step === "number" ? t.acknowledged(whole(step)) : t.ended;
}
