import { useState } from "react";
import { type Action, isAllowed } from "../../../live/controls";
import type { RunStatus } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { Button } from "../ui/Button";
import { STATUS_WORDS } from "../../../live/statusAppearance";
import { CommandOutcome } from "./CommandOutcome";
import { ConfirmCommand } from "./ConfirmCommand";
import styles from "./Controls.module.css";
import { useCommand } from "./useCommand";

const texts = words(
  {
    control: "Control this run",
    pause: "Pause…",
    resume: "Resume…",
    stop: "Stop…",
    status: (status: string) => `not possible while the run is: ${status}`,
    pending: "another command is in progress",
    lost: "the server cannot be reached",
    deleted: "the run is deleted",
    refused: "you are not allowed to",
  },
  {
    fr: {
      control: "Commander cet entraînement",
      pause: "Mettre en pause…",
      resume: "Reprendre…",
      stop: "Arrêter…",
      status: (status) => `impossible dans l’état : ${status}`,
      pending: "une autre commande est en cours",
      lost: "le serveur est injoignable",
      deleted: "l’entraînement est supprimé",
      refused: "vous n’y êtes pas autorisé",
    },
  },
);

const ACTIONS: readonly Action[] = ["pause", "resume", "stop"];

interface Props {
  runId: string;
  status: RunStatus;
  isDeleted: boolean;
}

export function Controls({ runId, status, isDeleted }: Props) {
  const t = useWords(texts);
  const statuses = useWords(STATUS_WORDS);
  const isLost = useLive((live) => live.connection.state === "lost");
  const [pendingAction, setPendingAction] = useState<Action | null>(null);
  const { command, isPending, send, dismiss } = useCommand(runId);
  const isForbidden = command?.error?.status === 403;

  const whyNot = (action: Action): string | undefined => {
    if (isDeleted) {
      return t.deleted;
    }
    if (isForbidden) {
      return t.refused;
    }
    if (isLost) {
      return t.lost;
    }
    if (isPending && action !== "stop") {
      return t.pending;
    }
    return isAllowed(action, status) ? undefined : t.status(statuses[status]);
  };

  return (
    <div className={styles.controls}>
      <div className={styles.buttons} role="group" aria-label={t.control}>
        {ACTIONS.map((action) => (
          <Button
            key={action}
            variant={action === "stop" ? "danger" : "plain"}
            isBusy={isPending && command?.action === action}
            whyNot={whyNot(action)}
            onClick={() => setPendingAction(action)}
          >
            {t[action]}
          </Button>
        ))}
      </div>
      {command && <CommandOutcome command={command} onDismiss={dismiss} />}
      {pendingAction && (
        <ConfirmCommand
          action={pendingAction}
          onCancel={() => setPendingAction(null)}
          onConfirm={(release) => {
            setPendingAction(null);
            send(pendingAction, release);
          }}
        />
      )}
    </div>
  );
}
