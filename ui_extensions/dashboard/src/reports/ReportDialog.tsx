import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { useWords, words } from "../i18n/words";
import { address, rest } from "../live/session";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { ErrorNote } from "../ui/ErrorNote";
import { useAction } from "../ui/useAction";
import styles from "./ReportDialog.module.css";
import {
  type ReportLanguage,
  reportLanguage,
  reportPath,
  type ReportSubject,
  reportUrl,
  storedReport,
} from "./reportSubject";

const texts = words(
  {
    title: "Report",
    text: "A model card as one page for your files: results with intervals, versions, alerts, limits. It loads nothing else, and prints to PDF.",
    language: "Language of the report",
    open: "Open the report",
    download: "Download",
    store: "Keep as an artifact",
    storing: "Reading the records…",
    stored: (path: string) => `Kept as ${path} of the run.`,
    storedFirst: (path: string) => `Kept as ${path} of the first run.`,
    close: "Close",
  },
  {
    fr: {
      title: "Rapport",
      text: "Une fiche de modèle en une page pour vos dossiers\u00a0: résultats avec intervalles, versions, alertes, limites. Elle ne charge rien d’autre, et s’imprime en PDF.",
      language: "Langue du rapport",
      open: "Ouvrir le rapport",
      download: "Télécharger",
      store: "Garder comme artefact",
      storing: "Lecture des enregistrements…",
      stored: (path) => `Gardé comme ${path} de l’entraînement.`,
      storedFirst: (path) => `Gardé comme ${path} du premier entraînement.`,
      close: "Fermer",
    },
  },
);

/** A report on many runs reads their artifacts and curves. */
const DEADLINE_MS = 180_000;

interface Props {
  subject: ReportSubject;
  onClose(): void;
}

export function ReportDialog({ subject, onClose }: Props) {
  const t = useWords(texts);
  const pageLanguage = useLanguage((choice) => choice.language);
  const [language, setLanguage] = useState(() => reportLanguage(pageLanguage));
  const [path, setPath] = useState("");
  const { isBusy, error, run } = useAction();
  const url = reportUrl(address, subject, language);
  const isOfSeveral = subject.kind === "runs" && subject.runIds.length > 1;
  const store = () => {
    const send = () =>
      rest.postForHeaders(reportPath(subject), storedReport(subject, language), DEADLINE_MS);
    run(send, (headers) => setPath(artifactIn(headers.get("X-Fovea-Report"))));
  };
  return (
    <Dialog title={t.title} onClose={onClose}>
      <div className={styles.form}>
        <p>{t.text}</p>
        <label className={styles.choice}>
          {t.language}
          <select
            value={language}
            onChange={(event) => setLanguage(event.target.value as ReportLanguage)}
          >
            <option value="en" lang="en">
              English
            </option>
            <option value="fr" lang="fr">
              Français
            </option>
          </select>
        </label>
        <p className={styles.links}>
          <a href={url} target="_blank" rel="noopener">
            {t.open}
          </a>
          <a href={url} download>
            {t.download}
          </a>
        </p>
        {error && <ErrorNote error={error} />}
        <p role="status">
          {isBusy && t.storing}
          {!isBusy && path && (isOfSeveral ? t.storedFirst(path) : t.stored(path))}
        </p>
        <DialogActions>
          <Button isBusy={isBusy} onClick={store}>
            {t.store}
          </Button>
          <Button variant="primary" onClick={onClose}>
            {t.close}
          </Button>
        </DialogActions>
      </div>
    </Dialog>
  );
}

/** The path of RUN_ID/PATH. */
function artifactIn(stored: string | null): string {
  return stored?.slice(stored.indexOf("/") + 1) ?? "";
}
