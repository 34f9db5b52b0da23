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
    pending: "Told; waiting until every rank does it…",
    done: (step: string) =>
      step ? `Every rank does it, after step ${step}` : "Every rank does it",
    released: "the accelerators are given back",
    kept: "the accelerators are kept",
    unanswered: "Not acknowledged yet: the command stands",
    failed: "It did not come about",
    forbidden: "You are not allowed to do that",
    unreachable: "The server did not answer: whether the command was taken is not known",
    dismiss: "Close",
  },
  {
    fr: {
      pause: "Pause",
      resume: "Reprise",
      stop: "Arrêt",
      pending: "Transmis ; en attente de tous les rangs…",
      done: (step) =>
        step ? `Tous les rangs obéissent, après le pas ${step}` : "Tous les rangs obéissent",
      released: "les accélérateurs sont rendus",
      kept: "les accélérateurs sont conservés",
      unanswered: "Pas encore confirmé : la commande reste valable",
      failed: "Cela n’a pas eu lieu",
      forbidden: "Vous n’y êtes pas autorisé",
      unreachable: "Le serveur n’a pas répondu : on ne sait pas si la commande a été prise",
      dismiss: "Fermer",
    },
  },
);

/** What became of a command: said as done only where every rank has said so. */
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
