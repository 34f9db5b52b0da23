import { type FormEvent, useState } from "react";
import { asRequestError, type RequestError } from "../../../live/rest";
import type { DiagnosisData, FeedbackEntry, FeedbackRequest } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { rest } from "../live/session";
import { FormField } from "../runs/FormField";
import { Button } from "../ui/Button";
import { ErrorNote } from "../ui/ErrorNote";
import { otherClasses } from "./classRows";
import styles from "./Feedback.module.css";

const LONGEST_NOTE = 2000;

const texts = words(
  {
    ask: "Is the model right? Your answer is counted for each class of this model version.",
    askAbstained: "Do you see what it is? Your answer is counted for this model version.",
    agree: "I agree",
    overrule: "I see something else…",
    name: "Name what you see…",
    what: "What you see",
    choose: "Choose a class",
    note: "Note (optional)",
    noteHint: "It is kept on the server. Leave out names and dates of birth.",
    send: "Send",
    cancel: "Cancel",
    agreed: "You agreed.",
    overruled: (name: string) => `You saw ${name}.`,
    change: "Change",
    missing: "A class was expected.",
  },
  {
    fr: {
      ask: "Le modèle a-t-il raison ? Votre réponse est comptée pour chaque classe de cette version du modèle.",
      askAbstained:
        "Voyez-vous ce que c’est ? Votre réponse est comptée pour cette version du modèle.",
      agree: "Je suis d’accord",
      overrule: "Je vois autre chose…",
      name: "Nommer ce que vous voyez…",
      what: "Ce que vous voyez",
      choose: "Choisir une classe",
      note: "Note (facultative)",
      noteHint: "Elle est gardée sur le serveur. N’y mettez ni nom ni date de naissance.",
      send: "Envoyer",
      cancel: "Annuler",
      agreed: "Vous étiez d’accord.",
      overruled: (name) => `Vous avez vu ${name}.`,
      change: "Modifier",
      missing: "Une classe était attendue.",
    },
  },
);

/** A clinician agrees with the diagnosis, or overrules it. */
export function Feedback({ data }: { data: DiagnosisData }) {
  const t = useWords(texts);
  const [isOverruling, setIsOverruling] = useState(false);
  const { given, error, isPending, send, change } = useFeedback(data.request_id);
  if (given) {
    const isAgreed = given.verdict === "agree";
    return (
      <p className={styles.given} role="status">
        <span>
          <span aria-hidden="true">✓ </span>
          {isAgreed ? t.agreed : t.overruled(given.true_class ?? "")}
        </span>
        <Button onClick={change}>{t.change}</Button>
      </p>
    );
  }
  return (
    <div className={styles.feedback}>
      <p>{data.abstained ? t.askAbstained : t.ask}</p>
      {error && <ErrorNote error={error} />}
      {isOverruling ? (
        <Overruling
          data={data}
          isPending={isPending}
          onSend={async (feedback) => {
            if (await send(feedback)) {
              setIsOverruling(false);
            }
          }}
          onCancel={() => setIsOverruling(false)}
        />
      ) : (
        <div className={styles.buttons}>
          {!data.abstained && (
            <Button
              variant="primary"
              isBusy={isPending}
              onClick={() => void send({ verdict: "agree" })}
            >
              {t.agree}
            </Button>
          )}
          <Button onClick={() => setIsOverruling(true)}>
            {data.abstained ? t.name : t.overrule}
          </Button>
        </div>
      )}
    </div>
  );
}

interface OverrulingProps {
  data: DiagnosisData;
  isPending: boolean;
  onSend(feedback: FeedbackRequest): Promise<void>;
  onCancel(): void;
}

function Overruling({ data, isPending, onSend, onCancel }: OverrulingProps) {
  const t = useWords(texts);
  const [name, setName] = useState("");
  const [note, setNote] = useState("");
  const [isChecked, setIsChecked] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsChecked(true);
    if (name !== "" && !isPending) {
      void onSend({ verdict: "overrule", class_name: name, note: note.trim() });
    }
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <FormField label={t.what} problem={isChecked && name === "" ? t.missing : undefined}>
        {(attributes) => (
          <select
            {...attributes}
            value={name}
            // The button that had the focus is gone.
            autoFocus
            onChange={(event) => setName(event.target.value)}
          >
            <option value="">{t.choose}</option>
            {otherClasses(data).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </FormField>
      <FormField label={t.note} hint={t.noteHint}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={3}
            maxLength={LONGEST_NOTE}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        )}
      </FormField>
      <div className={styles.buttons}>
        <Button type="submit" variant="primary" isBusy={isPending}>
          {t.send}
        </Button>
        <Button onClick={onCancel}>{t.cancel}</Button>
      </div>
    </form>
  );
}

function useFeedback(requestId: string) {
  const [given, setGiven] = useState<FeedbackEntry>();
  const [error, setError] = useState<RequestError>();
  const [isPending, setIsPending] = useState(false);
  /** Whether it was accepted. */
  const send = async (feedback: FeedbackRequest): Promise<boolean> => {
    setIsPending(true);
    setError(undefined);
    try {
      const path = `api/v1/dicom/feedback/${encodeURIComponent(requestId)}`;
      setGiven(await rest.post<FeedbackEntry>(path, {}, feedback));
      return true;
    } catch (refusal) {
      setError(asRequestError(refusal));
      return false;
    } finally {
      setIsPending(false);
    }
  };
  return { given, error, isPending, send, change: () => setGiven(undefined) };
}
