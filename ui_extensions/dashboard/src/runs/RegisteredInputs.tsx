import { type ReactNode, useCallback } from "react";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { baseModelSetting, readBaseModels, readDatasets, suitable } from "../jobs/registered";
import { useQuery } from "../ui/useQuery";
import { FormField } from "./FormField";
import type { ParamField } from "./recipeSchema";
import styles from "./StartFields.module.css";

const texts = words(
  {
    dataset: "Registered data set",
    folder: "A folder…",
    images: (name: string, count: string) => `${name} (${count} images)`,
    model: "Registered base model",
    asSet: "As set below",
    family: (name: string, family: string) => `${name} (${family})`,
  },
  {
    fr: {
      dataset: "Jeu de données enregistré",
      folder: "Un dossier…",
      images: (name, count) => `${name} (${count} images)`,
      model: "Modèle de base enregistré",
      asSet: "Selon le paramètre ci-dessous",
      family: (name, family) => `${name} (${family})`,
    },
  },
);

interface Props {
  recipe: string;
  fields: readonly ParamField[];
  typed: Readonly<Record<string, string>>;
  problems: Readonly<Record<string, string>>;
  onChosen(name: "dataset_id" | "registered_model", id: string): void;
  /** The field for a folder, in place of a registered data set. */
  children: ReactNode;
}

/** Registered data sets and base models to choose; nothing more than the folder without any. */
export function RegisteredInputs({ recipe, fields, typed, problems, onChosen, children }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const read = useCallback(
    (signal: AbortSignal) => Promise.all([readDatasets(signal), readBaseModels(signal)]),
    [],
  );
  const { data } = useQuery(read);
  const datasets = suitable(data?.[0].entries ?? [], recipe).map(({ id, name, num_images }) => ({
    id,
    label: num_images === null ? name : t.images(name, whole(num_images)),
  }));
  const hasSetting = fields.some(({ name }) => name === baseModelSetting(recipe));
  const models = (hasSetting ? (data?.[1].entries ?? []) : []).map(({ id, name, family }) => ({
    id,
    label: family === null ? name : t.family(name, family),
  }));
  const choice = (
    name: "dataset_id" | "registered_model",
    label: string,
    without: string,
    entries: ReadonlyArray<{ id: number; label: string }>,
  ) =>
    entries.length > 0 && (
      <FormField label={label} problem={problems[name]}>
        {(attributes) => (
          <select
            {...attributes}
            value={typed[name] ?? ""}
            onChange={(event) => onChosen(name, event.target.value)}
          >
            <option value="">{without}</option>
            {entries.map((each) => (
              <option key={each.id} value={each.id}>
                {each.label}
              </option>
            ))}
          </select>
        )}
      </FormField>
    );
  return (
    <>
      {choice("registered_model", t.model, t.asSet, models)}
      {choice("dataset_id", t.dataset, t.folder, datasets)}
      {!typed.dataset_id && <div className={styles.wide}>{children}</div>}
    </>
  );
}
