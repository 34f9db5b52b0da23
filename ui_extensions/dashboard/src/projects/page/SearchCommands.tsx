import { useState } from "react";
import type { InstructionEntry } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { rest } from "../../live/session";
import { FormField } from "../../runs/FormField";
import { Badge, type Tone } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { useAction } from "../../ui/useAction";
import styles from "./SearchCommands.module.css";

const texts = words(
  {
    open: "Steer the comparison of models",
    minutes: "Minutes more",
    extend: "Give more time",
    trial: "Number of the trial",
    trialHint: "The log names the trials.",
    skip: "End this trial",
    wrongMinutes: "A number of minutes above 0 is expected",
    wrongTrial: "A whole number is expected",
    done: "Done",
    refused: "Refused by the run",
    failed: "Failed",
    waiting: "Sent. The run has not answered yet; it answers between two of its steps.",
  },
  {
    fr: {
      open: "Orienter la comparaison des modèles",
      minutes: "Minutes de plus",
      extend: "Donner plus de temps",
      trial: "Numéro de l’essai",
      trialHint: "Le journal nomme les essais.",
      skip: "Arrêter cet essai",
      wrongMinutes: "Un nombre de minutes supérieur à 0 est attendu",
      wrongTrial: "Un nombre entier est attendu",
      done: "Fait",
      refused: "Refusé par le run",
      failed: "Échec",
      waiting: "Transmis. Le run n’a pas encore répondu ; il répond entre deux de ses pas.",
    },
  },
);

const WAIT_S = 20;

/** More time for the comparison of models, and an end for one of its trials. */
export function SearchCommands({ runId }: { runId: string }) {
  const t = useWords(texts);
  const [minutes, setMinutes] = useState("10");
  const [trial, setTrial] = useState("");
  const [answer, setAnswer] = useState<InstructionEntry>();
  const { isBusy, error, run } = useAction();
  const seconds = Number(minutes.trim().replace(",", ".")) * 60;
  const send = (name: string, given: Readonly<Record<string, number>>) => {
    setAnswer(undefined);
    const path = `api/v1/runs/${encodeURIComponent(runId)}/commands`;
    const body = { name, arguments: given, wait_s: WAIT_S };
    run(() => rest.post<InstructionEntry>(path, {}, body, (WAIT_S + 15) * 1000), setAnswer);
  };
  const isTrial = /^\d{1,9}$/.test(trial.trim());
  return (
    <details>
      <summary>{t.open}</summary>
      <div className={styles.commands}>
        <div className={styles.command}>
          <FormField label={t.minutes}>
            {(attributes) => (
              <input
                {...attributes}
                type="text"
                inputMode="decimal"
                value={minutes}
                onChange={(event) => setMinutes(event.target.value)}
              />
            )}
          </FormField>
          <Button
            isBusy={isBusy}
            whyNot={Number.isFinite(seconds) && seconds > 0 ? undefined : t.wrongMinutes}
            onClick={() => send("extend_budget", { seconds })}
          >
            {t.extend}
          </Button>
        </div>
        <div className={styles.command}>
          <FormField label={t.trial} hint={t.trialHint}>
            {(attributes) => (
              <input
                {...attributes}
                type="text"
                inputMode="numeric"
                value={trial}
                onChange={(event) => setTrial(event.target.value)}
              />
            )}
          </FormField>
          <Button
            isBusy={isBusy}
            whyNot={isTrial ? undefined : t.wrongTrial}
            onClick={() => send("skip_trial", { trial: Number(trial) })}
          >
            {t.skip}
          </Button>
        </div>
      </div>
      {answer && <Answer answer={answer} />}
      {error && <ErrorNote error={error} />}
    </details>
  );
}

function Answer({ answer: { status, message } }: { answer: InstructionEntry }) {
  const t = useWords(texts);
  const outcomes: Partial<Record<InstructionEntry["status"], [Tone, string]>> = {
    done: ["ok", t.done],
    refused: ["warning", t.refused],
    failed: ["critical", t.failed],
  };
  const outcome = outcomes[status];
  return (
    <p role="status" className={styles.answer}>
      {outcome ? (
        <>
          <Badge tone={outcome[0]}>{outcome[1]}</Badge> <span lang="en">{message}</span>
        </>
      ) : (
        t.waiting
      )}
    </p>
  );
}
