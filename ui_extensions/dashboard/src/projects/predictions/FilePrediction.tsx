import { useEffect, useState } from "react";
import type { ProjectDetail } from "../../../../live/schemas";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { DropZone } from "../../ui/DropZone";
import { SendingOr } from "../../ui/SendingOr";
import { useUpload } from "../../ui/useUpload";
import { UploadFailure } from "../start/UploadFailure";
import styles from "./FilePrediction.module.css";

const texts = words(
  {
    drop: "Drop a table here",
    choose: "Choose a table…",
    kinds:
      "CSV, TSV, Excel, Parquet or JSON Lines, with the columns of the model. Every row gets a line in a CSV file.",
    explain: "Add the reasons of each prediction",
    sending: (share: string) => `Sending the file: ${share}`,
    working: "The rows are being predicted…",
    ready: (size: string) => `The predictions are ready (${size}).`,
    download: "Download the CSV file",
  },
  {
    fr: {
      drop: "Déposez un tableau ici",
      choose: "Choisir un tableau…",
      kinds:
        "CSV, TSV, Excel, Parquet ou JSON Lines, avec les colonnes du modèle. Chaque ligne a la sienne dans un fichier CSV.",
      explain: "Ajouter les raisons de chaque prédiction",
      sending: (share) => `Envoi du fichier : ${share}`,
      working: "Les lignes sont en cours de prédiction…",
      ready: (size) => `Les prédictions sont prêtes (${size}).`,
      download: "Télécharger le fichier CSV",
    },
  },
);

/** A large file takes long to send and to predict. */
const DEADLINE_MS = 4 * 3_600_000;

interface Ready {
  url: string;
  name: string;
  size: number;
}

/** A file in, a file with its predictions out. */
export function FilePrediction({ detail }: { detail: ProjectDetail }) {
  const t = useWords(texts);
  const { bytes } = useFormats();
  const [isExplained, setIsExplained] = useState(false);
  const [ready, setReady] = useState<Ready>();
  const { phase, send, cancel } = useUpload();

  useEffect(() => () => (ready ? URL.revokeObjectURL(ready.url) : undefined), [ready]);

  const predict = async (file: File) => {
    setReady(undefined);
    const form = new FormData();
    form.set("explain", String(isExplained));
    form.set("file", file);
    const path = `api/v1/projects/${encodeURIComponent(detail.project_id)}/predict?format=csv`;
    const made = await send(path, form, DEADLINE_MS, (response) => response.blob());
    if (made) {
      const name = `${file.name.replace(/\.[^.]*$/, "")}-predictions.csv`;
      setReady({ url: URL.createObjectURL(made), name, size: made.size });
    }
  };
  return (
    <div className={styles.form}>
      <label className={styles.choice}>
        <input
          type="checkbox"
          checked={isExplained}
          onChange={() => setIsExplained(!isExplained)}
        />
        {t.explain}
      </label>
      <SendingOr phase={phase} onCancel={cancel} sending={t.sending} working={t.working}>
        <DropZone
          isSingle
          drop={t.drop}
          choose={t.choose}
          kinds={t.kinds}
          onFiles={([file]) => file && void predict(file)}
        />
      </SendingOr>
      {ready && (
        <p role="status" className={styles.ready}>
          {t.ready(bytes(ready.size))}{" "}
          <a href={ready.url} download={ready.name}>
            {t.download}
          </a>
        </p>
      )}
      <UploadFailure phase={phase} />
    </div>
  );
}
