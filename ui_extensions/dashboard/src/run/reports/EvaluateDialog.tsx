import { type FormEvent, useState } from "react";
import { asRequestError, type RequestError } from "../../../../live/rest";
import type { JobEntry, NewJob } from "../../../../live/schemas";
import { useWords, words } from "../../i18n/words";
import { rest } from "../../live/session";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { ErrorNote } from "../../ui/ErrorNote";
import styles from "./EvaluateDialog.module.css";

const texts = words(
  {
    title: "Evaluate this run",
    text: "Scores the run’s best model as a job on the server. The report appears here when it has finished.",
    split: "Split",
    test: "Test",
    val: "Validation",
    train: "Training",
    modality: "Modality",
    all: "All",
    fundus: "Fundus",
    oct: "OCT",
    tta: "Test-time augmentation: average over the mirror image",
    start: "Evaluate",
    cancel: "Cancel",
  },
  {
    fr: {
      title: "Évaluer cet entraînement",
      text: "Évalue le meilleur modèle de l’entraînement, comme tâche du serveur. Le rapport apparaît ici une fois la tâche terminée.",
      split: "Partie des données",
      test: "Test",
      val: "Validation",
      train: "Entraînement",
      modality: "Modalité",
      all: "Toutes",
      fundus: "Fond d’œil",
      oct: "OCT",
      tta: "Augmentation au test\u00a0: moyenne avec l’image en miroir",
      start: "Évaluer",
      cancel: "Annuler",
    },
  },
);

const SPLITS = ["test", "val", "train"] as const;
type Split = (typeof SPLITS)[number];
const MODALITIES = ["all", "fundus", "oct"] as const;
type Modality = (typeof MODALITIES)[number];
/** A busy artifact store or database may need this long to create the job's run. */
const DEADLINE_MS = 60_000;

interface Props {
  runId: string;
  onClose(): void;
  onStarted(): void;
}

export function EvaluateDialog({ runId, onClose, onStarted }: Props) {
  const t = useWords(texts);
  const [split, setSplit] = useState<Split>("test");
  const [modality, setModality] = useState<Modality>("all");
  const [hasTta, setHasTta] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<RequestError>();

  const start = async () => {
    setIsBusy(true);
    setError(undefined);
    const job: NewJob = {
      kind: "evaluate",
      params: { run_id: runId, split, modality, tta: hasTta },
    };
    try {
      await rest.post<JobEntry>("api/jobs", {}, job, DEADLINE_MS);
      onStarted();
    } catch (refusal) {
      setError(asRequestError(refusal));
      setIsBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isBusy) {
      void start();
    }
  };

  return (
    <Dialog title={t.title} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <p>{t.text}</p>
        <Choice<Split>
          label={t.split}
          options={SPLITS}
          value={split}
          words={t}
          onChange={setSplit}
        />
        <Choice<Modality>
          label={t.modality}
          options={MODALITIES}
          value={modality}
          words={t}
          onChange={setModality}
        />
        <label className={styles.tick}>
          <input
            type="checkbox"
            checked={hasTta}
            onChange={(event) => setHasTta(event.target.checked)}
          />
          {t.tta}
        </label>
        {error && <ErrorNote error={error} />}
        <DialogActions>
          <Button onClick={onClose}>{t.cancel}</Button>
          <Button type="submit" variant="primary" isBusy={isBusy}>
            {t.start}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  options: readonly T[];
  value: T;
  words: Readonly<Record<T, string>>;
  onChange(value: T): void;
}

function Choice<T extends string>({ label, options, value, words: t, onChange }: ChoiceProps<T>) {
  return (
    <label className={styles.choice}>
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value as T)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {t[option]}
          </option>
        ))}
      </select>
    </label>
  );
}
