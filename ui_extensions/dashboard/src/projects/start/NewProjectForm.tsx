import { useState } from "react";
import type { ProjectResponse } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { FormField } from "../../runs/FormField";
import { Button } from "../../ui/Button";
import { DropZone } from "../../ui/DropZone";
import { LongText } from "../../ui/LongText";
import { SendingOr } from "../../ui/SendingOr";
import { useUpload } from "../../ui/useUpload";
import styles from "./NewProjectPage.module.css";
import {
  budgetSeconds,
  DESCRIPTION_CHARS,
  EMPTY,
  formOf,
  NAME_CHARS,
  type NewProject,
} from "./newProject";
import { UploadFailure } from "./UploadFailure";

const texts = words(
  {
    drop: "Drop a table here",
    choose: "Choose a file…",
    kinds:
      "CSV, TSV, Excel, Parquet or JSON Lines, or a ZIP with a folder of images for each class.",
    chosen: (name: string, size: string) => `${name}, ${size}`,
    question: "What is to be predicted?",
    questionHint:
      "One sentence. Name the column if you know it: “Predict whether a patient is readmitted”.",
    name: "Name (optional)",
    nameHint: "By default that of the file.",
    more: "More settings",
    budget: "Minutes for comparing models (optional)",
    budgetHint: "More time may find a better model.",
    budgetWrong: "A number of minutes is expected, such as 10.",
    group: "Column whose rows stay together (optional)",
    groupHint: "Such as the patient, when one has several rows. It is looked for if you name none.",
    start: "Upload and understand",
    noFile: "Choose a file first",
    noDescription: "Say first what is to be predicted",
    wrong: "A setting has no valid value",
    sending: (share: string) => `Sending the file: ${share}`,
    working: "The server reads the file and looks at every column…",
  },
  {
    fr: {
      drop: "Déposez un tableau ici",
      choose: "Choisir un fichier…",
      kinds:
        "CSV, TSV, Excel, Parquet ou JSON Lines, ou un ZIP avec un dossier d’images par classe.",
      chosen: (name, size) => `${name}, ${size}`,
      question: "Que faut-il prédire ?",
      questionHint:
        "Une phrase. Nommez la colonne si vous la connaissez : « Prédire si un patient est réadmis ».",
      name: "Nom (facultatif)",
      nameHint: "Par défaut, celui du fichier.",
      more: "Autres réglages",
      budget: "Minutes pour comparer les modèles (facultatif)",
      budgetHint: "Plus de temps peut donner un meilleur modèle.",
      budgetWrong: "Un nombre de minutes est attendu, par exemple 10.",
      group: "Colonne dont les lignes restent ensemble (facultatif)",
      groupHint:
        "Par exemple le patient, s’il a plusieurs lignes. Elle est cherchée si vous n’en nommez pas.",
      start: "Envoyer et comprendre",
      noFile: "Choisissez d’abord un fichier",
      noDescription: "Dites d’abord ce qu’il faut prédire",
      wrong: "Un réglage n’a pas de valeur valide",
      sending: (share) => `Envoi du fichier : ${share}`,
      working: "Le serveur lit le fichier et examine chaque colonne…",
    },
  },
);

/** A large file takes long to send; the inspection takes up to five minutes. */
const DEADLINE_MS = 4 * 3_600_000;

interface Props {
  /** A file that was chosen before. */
  file?: File | null;
  onMade(projectId: string): void;
}

/** What a new project needs: a file, and a sentence that says what is to be predicted. */
export function NewProjectForm({ file = null, onMade }: Props) {
  const t = useWords(texts);
  const { bytes } = useFormats();
  const [entered, setEntered] = useState<NewProject>({ ...EMPTY, file });
  const { phase, send, cancel } = useUpload();
  const change = (changes: Partial<NewProject>) => setEntered((now) => ({ ...now, ...changes }));
  const isBudgetWrong = budgetSeconds(entered.budget) === undefined;

  const whyNot = () => {
    if (!entered.file) {
      return t.noFile;
    }
    if (entered.description.trim() === "") {
      return t.noDescription;
    }
    return isBudgetWrong ? t.wrong : undefined;
  };
  const start = async () => {
    const read = (response: Response) => response.json() as Promise<ProjectResponse>;
    const made = await send("api/v1/projects", formOf(entered), DEADLINE_MS, read);
    if (made) {
      onMade(made.project_id);
    }
  };
  return (
    <div className={styles.form}>
      <DropZone
        isSingle
        drop={t.drop}
        choose={t.choose}
        kinds={t.kinds}
        onFiles={([file]) => file && change({ file })}
      />
      {entered.file && (
        <p role="status">
          <LongText text={t.chosen(entered.file.name, bytes(entered.file.size))} />
        </p>
      )}
      <FormField label={t.question} hint={t.questionHint}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={2}
            maxLength={DESCRIPTION_CHARS}
            value={entered.description}
            onChange={(event) => change({ description: event.target.value })}
          />
        )}
      </FormField>
      <FormField label={t.name} hint={t.nameHint}>
        {(attributes) => (
          <input
            {...attributes}
            type="text"
            maxLength={NAME_CHARS}
            value={entered.name}
            onChange={(event) => change({ name: event.target.value })}
          />
        )}
      </FormField>
      <details>
        <summary>{t.more}</summary>
        <div className={styles.more}>
          <FormField
            label={t.budget}
            hint={t.budgetHint}
            problem={isBudgetWrong ? t.budgetWrong : undefined}
          >
            {(attributes) => (
              <input
                {...attributes}
                type="text"
                inputMode="decimal"
                value={entered.budget}
                onChange={(event) => change({ budget: event.target.value })}
              />
            )}
          </FormField>
          <FormField label={t.group} hint={t.groupHint}>
            {(attributes) => (
              <input
                {...attributes}
                type="text"
                value={entered.group}
                onChange={(event) => change({ group: event.target.value })}
              />
            )}
          </FormField>
        </div>
      </details>
      <SendingOr phase={phase} onCancel={cancel} sending={t.sending} working={t.working}>
        <Button
          variant="primary"
          className={styles.start}
          whyNot={whyNot()}
          onClick={() => void start()}
        >
          {t.start}
        </Button>
      </SendingOr>
      <UploadFailure phase={phase} />
    </div>
  );
}
