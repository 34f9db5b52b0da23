import { useState } from "react";
import type { ProjectDeleted, ProjectDetail } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { rest } from "../../live/session";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { ErrorNote } from "../../ui/ErrorNote";
import { goTo } from "../../ui/hashLocation";
import { shortName } from "../../ui/shortName";
import { useAction } from "../../ui/useAction";
import { PROJECTS_PATH } from "../projectPath";
import styles from "./DeleteProject.module.css";

const texts = words(
  {
    open: "Delete…",
    title: "Delete this project?",
    what: (name: string) => `“${name}” goes for good, and with it:`,
    upload: (file: string) => `the uploaded file ${file}`,
    runs: "all runs of its experiment, with their metrics, models and other artifacts",
    model: (model: string) =>
      `the registered model ${model}: nothing can be predicted with it then`,
    stops: "Its pipeline runs. It is stopped first.",
    cancel: "Cancel",
    yes: "Delete for good",
    yesStop: "Stop and delete for good",
    doneTitle: "The project is deleted",
    doneUpload: (size: string) => `Upload: ${size}`,
    doneRuns: (count: string) => `Runs: ${count}`,
    doneModels: (count: string) => `Versions of its model: ${count}`,
    close: "To the projects",
  },
  {
    fr: {
      open: "Supprimer…",
      title: "Supprimer ce projet ?",
      what: (name) => `« ${name} » disparaît définitivement, avec :`,
      upload: (file) => `le fichier envoyé ${file}`,
      runs: "tous les runs de son expérience, avec leurs métriques, modèles et autres artefacts",
      model: (model) => `le modèle enregistré ${model} : plus rien ne pourra être prédit avec lui`,
      stops: "Son pipeline est en cours. Il est d’abord arrêté.",
      cancel: "Annuler",
      yes: "Supprimer définitivement",
      yesStop: "Arrêter et supprimer définitivement",
      doneTitle: "Le projet est supprimé",
      doneUpload: (size) => `Fichier : ${size}`,
      doneRuns: (count) => `Runs : ${count}`,
      doneModels: (count) => `Versions de son modèle : ${count}`,
      close: "Vers les projets",
    },
  },
);

/** The server waits for the end of a pipeline that it stops. */
const DEADLINE_MS = 180_000;

interface Props {
  detail: ProjectDetail;
  isRunning: boolean;
}

/** A button whose dialog says what is deleted with the project, and then what was. */
export function DeleteProject({ detail, isRunning }: Props) {
  const t = useWords(texts);
  const { bytes, whole } = useFormats();
  const [isAsking, setIsAsking] = useState(false);
  const [deleted, setDeleted] = useState<ProjectDeleted>();
  const { isBusy, error, run } = useAction();
  const send = () => {
    const path = `api/v1/projects/${encodeURIComponent(detail.project_id)}`;
    run(
      () => rest.delete<ProjectDeleted>(path, { stop: isRunning || null }, DEADLINE_MS),
      setDeleted,
    );
  };
  if (deleted) {
    const { upload_bytes, num_runs, num_models } = deleted.deleted;
    const close = () => goTo(PROJECTS_PATH, { replace: true });
    return (
      <Dialog title={t.doneTitle} onClose={close}>
        <ul className={styles.list}>
          <li>{t.doneUpload(bytes(upload_bytes))}</li>
          <li>{t.doneRuns(whole(num_runs))}</li>
          <li>{t.doneModels(whole(num_models))}</li>
        </ul>
        <DialogActions>
          <Button variant="primary" onClick={close} autoFocus>
            {t.close}
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <>
      <Button variant="danger" onClick={() => setIsAsking(true)}>
        {t.open}
      </Button>
      {isAsking && (
        <Dialog title={t.title} onClose={() => setIsAsking(false)}>
          <p className={styles.what}>{t.what(shortName(detail.project_name))}</p>
          <ul className={styles.list}>
            <li>{t.upload(shortName(detail.dataset_name))}</li>
            {detail.run_id && <li>{t.runs}</li>}
            {detail.best_model_id && <li>{t.model(detail.best_model_id)}</li>}
          </ul>
          {isRunning && <p>{t.stops}</p>}
          {error && <ErrorNote error={error} />}
          <DialogActions>
            <Button onClick={() => setIsAsking(false)} autoFocus>
              {t.cancel}
            </Button>
            <Button variant="danger" isBusy={isBusy} onClick={send}>
              {isRunning ? t.yesStop : t.yes}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
