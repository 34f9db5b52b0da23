import type { Action } from "../../../live/controls";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge, type Tone } from "../ui/Badge";
import { Button } from "../ui/Button";
import styles from "./CommandOutcome.module.css";
import type { Command } from "./useCommand";

const texts = words(
  {
    pause: "Pause",
    resume: "Resume",
    stop: "Stop",
    pending: "Sent; waiting for every rank to acknowledge…",
    done: (step: string) =>
      step ? `Acknowledged by every rank, after step ${step}` : "Acknowledged by every rank",
    released: "the accelerators are released",
    kept: "the accelerators are kept",
    unanswered: "Not acknowledged yet; the command remains in force",
    failed: "Failed",
    forbidden: "You are not allowed to do that",
    unreachable: "The server did not answer. It may or may not have accepted the command",
    dismiss: "Close",
  },
  {
    fr: {
      pause: "Pause",
      resume: "Reprise",
      stop: "Arrêt",
      pending: "Transmis ; en attente de la confirmation de tous les rangs…",
      done: (step) =>
        step ? `Confirmé par tous les rangs, après le pas ${step}` : "Confirmé par tous les rangs",
      released: "les accélérateurs sont libérés",
      kept: "les accélérateurs sont conservés",
      unanswered: "Pas encore confirmé ; la commande reste en vigueur",
      failed: "Échec",
      forbidden: "Vous n’y êtes pas autorisé",
      unreachable: "Le serveur n’a pas répondu. Il a peut-être accepté la commande",
      dismiss: "Fermer",
    },
  },
);

/** The outcome of a command: done only after every rank has acknowledged it. */
export function CommandOutcome({ command, onDismiss }: { command: Command; onDismiss(): void }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const { action, answer, error } = command;
  let [tone, text, detail]: [Tone, string, string] = ["info", t.pending, ""];
  if (error) {
    tone = "critical";
    text = error.isUnreachable ? t.unreachable : error.status === 403 ? t.forbidden : t.failed;
    detail = error.isUnreachable ? "" : error.message;
  } else if (answer?.status === "error") {
    [tone, text, detail] = ["critical", t.failed, answer.message];
  } else if (answer && !answer.acknowledged) {
    [tone, text, detail] = ["warning", t.unanswered, answer.message];
  } else if (answer) {
    const step = answer.step === null ? "" : whole(answer.step);
    tone = "ok";
    text = t.done(step);
    detail = isHeld(action, answer.training_status) ? (answer.released ? t.released : t.kept) : "";
  }
  return (
    <div className={styles.outcome} role="status">
      <Badge tone={tone}>{t[action]}</Badge>
      <span>
        {text}
        {detail && <span className={styles.detail}> — {detail}</span>}
      </span>
      {(answer || error) && (
        <Button variant="subtle" onClick={onDismiss}>
          {t.dismiss}
        </Button>
      )}
    </div>
  );
}

function isHeld(action: Action, status: string): boolean {
  return action === "pause" && status === "paused";
}
