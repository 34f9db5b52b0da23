import { useDeferredValue, useMemo, useState } from "react";
import type { PredictAnswer } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { rest } from "../../live/session";
import { FormField } from "../../runs/FormField";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { LongText } from "../../ui/LongText";
import { ShowMore } from "../../ui/ShowMore";
import { useAction } from "../../ui/useAction";
import { isWrong, type ModelInput, rowOf } from "./inputs";
import { Prediction } from "./Prediction";
import styles from "./RowForm.module.css";

const texts = words(
  {
    how: "Leave a field empty where the value is not known.",
    search: "Find a column",
    shown: (shown: string, all: string, filled: string) =>
      `${shown} of ${all} columns, ${filled} filled in`,
    yes: "Yes",
    no: "No",
    unknown: "not known",
    date: "Such as 2026-01-31",
    number: "A number is expected, such as 36.6.",
    predict: "Predict and explain",
    clear: "Clear",
    wrong: "A field has no valid number",
  },
  {
    fr: {
      how: "Laissez un champ vide si la valeur n’est pas connue.",
      search: "Chercher une colonne",
      shown: (shown, all, filled) => `${shown} colonnes sur ${all}, ${filled} remplies`,
      yes: "Oui",
      no: "Non",
      unknown: "inconnu",
      date: "Par exemple 2026-01-31",
      number: "Un nombre est attendu, par exemple 36,6.",
      predict: "Prédire et expliquer",
      clear: "Effacer",
      wrong: "Un champ n’a pas de nombre valide",
    },
  },
);

const AT_ONCE = 24;
const DEADLINE_MS = 120_000;

interface Props {
  projectId: string;
  inputs: readonly ModelInput[];
}

/** A form with the columns of the model, and the prediction for what was entered. */
export function RowForm({ projectId, inputs }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(new Map());
  const [search, setSearch] = useState("");
  const [limit, setLimit] = useState(AT_ONCE);
  const [answer, setAnswer] = useState<PredictAnswer>();
  const { isBusy, error, run } = useAction();
  const wanted = useDeferredValue(search.trim().toLocaleLowerCase());
  const found = useMemo(
    () => inputs.filter(({ name }) => name.toLocaleLowerCase().includes(wanted)),
    [inputs, wanted],
  );
  const hasWrong = inputs.some((input) => isWrong(input, typed.get(input.name) ?? ""));
  const numFilled = [...typed.values()].filter((text) => text.trim() !== "").length;
  const send = () => {
    const path = `api/v1/projects/${encodeURIComponent(projectId)}/predict`;
    const body = { rows: [rowOf(inputs, typed)], explain: true };
    run(() => rest.post<PredictAnswer>(path, {}, body, DEADLINE_MS), setAnswer);
  };
  const prediction = answer?.predictions[0];
  return (
    <div className={styles.form}>
      <p className={styles.how}>{t.how}</p>
      {inputs.length > AT_ONCE && (
        <div className={styles.search}>
          <input
            type="search"
            value={search}
            placeholder={t.search}
            aria-label={t.search}
            onChange={(event) => {
              setSearch(event.target.value);
              setLimit(AT_ONCE);
            }}
          />
          <span role="status">
            {t.shown(whole(Math.min(limit, found.length)), whole(found.length), whole(numFilled))}
          </span>
        </div>
      )}
      <div className={styles.fields}>
        {found.slice(0, limit).map((input) => (
          <InputField
            key={input.name}
            input={input}
            text={typed.get(input.name) ?? ""}
            onText={(text) => setTyped((before) => new Map(before).set(input.name, text))}
          />
        ))}
      </div>
      <div className={styles.actions}>
        <ShowMore
          left={found.length - limit}
          step={AT_ONCE}
          onMore={() => setLimit(limit + AT_ONCE)}
        />
        <Button
          variant="primary"
          isBusy={isBusy}
          whyNot={hasWrong ? t.wrong : undefined}
          onClick={send}
        >
          {t.predict}
        </Button>
        {numFilled > 0 && (
          <Button variant="subtle" onClick={() => setTyped(new Map())}>
            {t.clear}
          </Button>
        )}
      </div>
      {error && <ErrorNote error={error} />}
      {answer && prediction && <Prediction target={answer.target} prediction={prediction} />}
    </div>
  );
}

interface FieldProps {
  input: ModelInput;
  text: string;
  onText(text: string): void;
}

function InputField({ input, text, onText }: FieldProps) {
  const t = useWords(texts);
  const { name, kind, unit } = input;
  return (
    <FormField
      label={<LongText text={unit ? `${name} (${unit})` : name} />}
      hint={kind === "date" ? t.date : undefined}
      problem={isWrong(input, text) ? t.number : undefined}
    >
      {(attributes) =>
        kind === "boolean" ? (
          <select {...attributes} value={text} onChange={(event) => onText(event.target.value)}>
            <option value="">{t.unknown}</option>
            <option value="true">{t.yes}</option>
            <option value="false">{t.no}</option>
          </select>
        ) : (
          <input
            {...attributes}
            type="text"
            inputMode={kind === "number" ? "decimal" : undefined}
            value={text}
            onChange={(event) => onText(event.target.value)}
          />
        )
      }
    </FormField>
  );
}
