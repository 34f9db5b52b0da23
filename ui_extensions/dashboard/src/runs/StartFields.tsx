import { type FormEvent, useMemo, useState } from "react";
import type { RecipeEntry } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { DialogActions } from "../ui/Dialog";
import { ErrorNote } from "../ui/ErrorNote";
import { FormField } from "./FormField";
import { MoreSettings } from "./MoreSettings";
import { ParamInput } from "./ParamInput";
import { type ParamField, recipeFields } from "./recipeSchema";
import { RegisteredInputs } from "./RegisteredInputs";
import styles from "./StartFields.module.css";
import { useStartForm } from "./useStartForm";

const texts = words(
  {
    recipe: "Recipe",
    data: "Data folder",
    dataHint:
      "On the server’s machine, with train|val|test/<class>/ in it. Empty: the synthetic demonstration set",
    captionedHint: "On the server’s machine, with a caption beside each image",
    experiment: "Experiment",
    experimentHint: "The run’s experiment in MLflow",
    workers: "Workers",
    workersHint: "Processes that train together, one per GPU where there are GPUs",
    empty: "Empty fields take the preset’s value, else the recipe’s default.",
    wrong: (count: string) => `Settings that need another value: ${count}`,
    noAnswer:
      "The server has not answered. The training may have started: check the list of runs before you start it again.",
    pending: "The server is preparing the run…",
    start: "Start",
    starting: "Starting…",
    cancel: "Cancel",
  },
  {
    fr: {
      recipe: "Recette",
      data: "Dossier des données",
      dataHint:
        "Sur la machine du serveur, contenant train|val|test/<classe>/. Vide : le jeu de démonstration synthétique",
      captionedHint: "Sur la machine du serveur, avec une légende à côté de chaque image",
      experiment: "Expérience",
      experimentHint: "L’expérience de l’entraînement dans MLflow",
      workers: "Processus",
      workersHint: "Qui entraînent ensemble, un par GPU s’il y a des GPU",
      empty: "Un champ vide prend la valeur du préréglage, sinon celle de la recette.",
      wrong: (count) => `Paramètres à corriger : ${count}`,
      noAnswer:
        "Le serveur n’a pas répondu. L’entraînement a peut-être commencé malgré tout : cherchez-le dans la liste avant de le relancer.",
      pending: "Le serveur prépare l’entraînement…",
      start: "Lancer",
      starting: "Lancement…",
      cancel: "Annuler",
    },
  },
);

interface Props {
  recipes: readonly RecipeEntry[];
  first: RecipeEntry;
  onClose(): void;
  onStarted(runId: string): void;
}

export function StartFields({ recipes, first, onClose, onStarted }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [recipeName, setRecipeName] = useState(first.name);
  const recipe = recipes.find(({ name }) => name === recipeName) ?? first;
  const { common, more } = useMemo(() => recipeFields(recipe.params_schema), [recipe]);
  const fields = useMemo(() => [...common, ...more], [common, more]);
  const form = useStartForm(recipe.name, fields, onStarted);
  const numProblems = Object.keys(form.problems).length;

  const param = (field: ParamField) => (
    <ParamInput
      key={field.name}
      field={field}
      typed={form.typed[field.name] ?? ""}
      problem={form.problems[field.name]}
      onTyped={(typed) => form.type(field.name, typed)}
      onBlur={() => form.check(field.name)}
    />
  );
  const own = (name: "data" | "experiment_name" | "workers", label: string, hint: string) => (
    <FormField label={label} hint={hint} problem={form.problems[name]}>
      {(attributes) => (
        <input
          {...attributes}
          type="text"
          inputMode={name === "workers" ? "numeric" : "text"}
          autoComplete="off"
          spellCheck={false}
          value={form.typed[name] ?? ""}
          onChange={(event) => form.type(name, event.target.value)}
        />
      )}
    </FormField>
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.start();
  };

  return (
    // The form validates its fields itself, in one way for all.
    <form ref={form.element} onSubmit={submit} noValidate>
      <fieldset disabled={form.isBusy} className={styles.fields}>
        <div className={styles.grid}>
          <FormField label={t.recipe} problem={form.problems.recipe}>
            {(attributes) => (
              <select
                {...attributes}
                value={recipe.name}
                onChange={(event) => {
                  setRecipeName(event.target.value);
                  form.reset();
                }}
              >
                {recipes.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </FormField>
          {own("experiment_name", t.experiment, t.experimentHint)}
          {own("workers", t.workers, t.workersHint)}
          <RegisteredInputs
            recipe={recipe.name}
            fields={fields}
            typed={form.typed}
            problems={form.problems}
            onChosen={form.type}
          >
            {own("data", t.data, recipe.name === "diffusion" ? t.captionedHint : t.dataHint)}
          </RegisteredInputs>
        </div>
        <p className={styles.note}>{t.empty}</p>
        <div className={styles.grid}>{common.map(param)}</div>
        {more.length > 0 && (
          <MoreSettings fields={more} typed={form.typed} problems={form.problems}>
            {param}
          </MoreSettings>
        )}
      </fieldset>
      <div className={styles.footer}>
        {numProblems > 0 && (
          <p role="alert" className={styles.wrong}>
            {t.wrong(whole(numProblems))}
          </p>
        )}
        {form.error?.isUnreachable && (
          <p role="alert" className={styles.wrong}>
            {t.noAnswer}
          </p>
        )}
        {form.error && !form.error.isUnreachable && <ErrorNote error={form.error} />}
        <p role="status" className={styles.note}>
          {form.isBusy && t.pending}
        </p>
        <DialogActions>
          <Button onClick={onClose}>{t.cancel}</Button>
          <Button type="submit" variant="primary" isBusy={form.isBusy}>
            {form.isBusy ? t.starting : t.start}
          </Button>
        </DialogActions>
      </div>
    </form>
  );
}
