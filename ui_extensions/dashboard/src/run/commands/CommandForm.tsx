import { useState } from "react";
import type { InstructionEntry } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { rest } from "../../live/session";
import { FormField } from "../../runs/FormField";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { useAction } from "../../ui/useAction";
import { CommandAnswer } from "./CommandAnswer";
import styles from "./Commands.module.css";
import {
  isKnown,
  isOpen,
  type KnownCommand,
  positiveNumber,
  promptArguments,
  wholeNumber,
} from "./commandFacts";
import { commandsPath } from "./useOneTimeCommands";

const texts = words(
  {
    sample_now: "Draw pictures now",
    save_now: "Save a checkpoint now",
    set_learning_rate: "Change the learning rate",
    set_prompts: "Replace the prompts",
    extend_budget: "Give more time",
    skip_trial: "End this trial",
    own: (name: string) => `Send ${name}`,
    open: "the run has not answered the last one yet",
    fieldOf_set_learning_rate: "New peak of the learning rate",
    hintOf_set_learning_rate: "Above 0 and below 10; the form of the schedule stays.",
    wrong_set_learning_rate: "a number above 0 and below 10 is expected",
    fieldOf_set_prompts: "Prompts, one in each line",
    hintOf_set_prompts: "They replace all prompts of the run, from its next pictures on.",
    wrong_set_prompts:
      "1 to 16 lines of at most 1,000 characters, together at most 4,096 bytes, are expected",
    fieldOf_extend_budget: "Minutes more",
    hintOf_extend_budget: "",
    wrong_extend_budget: "a number of minutes above 0 is expected",
    fieldOf_skip_trial: "Number of the trial",
    hintOf_skip_trial: "The log names the trials.",
    wrong_skip_trial: "a whole number is expected",
  },
  {
    fr: {
      sample_now: "Dessiner des images",
      save_now: "Enregistrer un point de contrôle",
      set_learning_rate: "Changer le taux d’apprentissage",
      set_prompts: "Remplacer les textes",
      extend_budget: "Donner plus de temps",
      skip_trial: "Arrêter cet essai",
      own: (name) => `Envoyer ${name}`,
      open: "l’entraînement n’a pas encore répondu à la précédente",
      fieldOf_set_learning_rate: "Nouveau maximum du taux d’apprentissage",
      hintOf_set_learning_rate: "Entre 0 et 10 exclus ; la forme de la courbe reste la même.",
      wrong_set_learning_rate: "un nombre supérieur à 0 et inférieur à 10 est attendu",
      fieldOf_set_prompts: "Textes, un par ligne",
      hintOf_set_prompts: "Ils remplacent tous ceux de l’entraînement, dès les prochaines images.",
      wrong_set_prompts:
        "de 1 à 16 lignes de 1 000 caractères au plus, et 4 096 octets en tout, sont attendues",
      fieldOf_extend_budget: "Minutes de plus",
      hintOf_extend_budget: "",
      wrong_extend_budget: "un nombre de minutes supérieur à 0 est attendu",
      fieldOf_skip_trial: "Numéro de l’essai",
      hintOf_skip_trial: "Le journal nomme les essais.",
      wrong_skip_trial: "un nombre entier est attendu",
    },
  },
);

type Arguments = Readonly<Record<string, number | string>>;
type CommandWithField = Exclude<KnownCommand, "sample_now" | "save_now">;

/** What the typed text means as arguments; undefined if it does not fit. */
const READ: Readonly<Record<CommandWithField, (text: string) => Arguments | undefined>> = {
  set_learning_rate: (text) => named("value", positiveNumber(text, 10)),
  set_prompts: promptArguments,
  extend_budget: (text) => named("seconds", positiveNumber(text, MAX_MINUTES), 60),
  skip_trial: (text) => named("trial", wholeNumber(text)),
};

const MAX_MINUTES = 366 * 24 * 60;

function named(name: string, value: number | undefined, times = 1): Arguments | undefined {
  return value === undefined ? undefined : { [name]: value * times };
}

function hasField(name: string): name is CommandWithField {
  return name in READ;
}

interface Props {
  runId: string;
  name: string;
  newest: InstructionEntry | undefined;
  /** The text of its field until somebody types another. */
  initial: string;
  onSent(): void;
}

/** A one-time command: its field if it needs one, its button, and how far the last one has come. */
export function CommandForm({ runId, name, newest, initial, onSent }: Props) {
  const t = useWords(texts);
  const [typed, setTyped] = useState<string>();
  const { isBusy, error, run } = useAction();
  const text = typed ?? initial;
  const given = hasField(name) ? READ[name](text) : {};
  const wrong = hasField(name) && given === undefined ? t[`wrong_${name}`] : undefined;
  const whyNot = newest && isOpen(newest) ? t.open : wrong;
  const send = () =>
    run(
      () => rest.post(commandsPath(runId), {}, { name, arguments: given }),
      () => {
        setTyped(undefined);
        onSent();
      },
    );
  return (
    <li className={styles.command}>
      {hasField(name) && (
        <div className={styles.fields}>
          <FormField label={t[`fieldOf_${name}`]} hint={t[`hintOf_${name}`]}>
            {(attributes) =>
              name === "set_prompts" ? (
                <textarea
                  {...attributes}
                  value={text}
                  onChange={(event) => setTyped(event.target.value)}
                />
              ) : (
                <input
                  {...attributes}
                  type="text"
                  inputMode={name === "skip_trial" ? "numeric" : "decimal"}
                  autoComplete="off"
                  value={text}
                  onChange={(event) => setTyped(event.target.value)}
                />
              )
            }
          </FormField>
        </div>
      )}
      <Button isBusy={isBusy} whyNot={whyNot} onClick={send}>
        {isKnown(name) ? t[name] : t.own(name)}
      </Button>
      <CommandAnswer entry={newest} />
      {error && <ErrorNote error={error} />}
    </li>
  );
}
