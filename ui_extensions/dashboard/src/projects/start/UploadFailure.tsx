import { useWords, words } from "../../i18n/words";
import { ErrorNote } from "../../ui/ErrorNote";
import type { UploadPhase } from "../../ui/useUpload";
import styles from "./UploadFailure.module.css";

const texts = words(
  {
    FILE_TOO_LARGE:
      "The file is too large for this server. Send fewer columns or rows, a Parquet file, or have FOVEA_MAX_UPLOAD_BYTES raised.",
    INVALID_FILE_TYPE:
      "This is no file that can be learned from. Send a CSV, TSV, Excel, Parquet or JSON Lines file, or a ZIP of class folders with images.",
    VALIDATION_ERROR:
      "The file cannot be used as it is. Change what is named here, and send it again.",
    STORAGE_FULL: "The server’s disk is full. Delete a project, or have space made on the server.",
    SERVICE_UNAVAILABLE:
      "The service that predicts is not running. Start it as it says here, and try again.",
    lost: "The connection ended while the file was being sent. It may be larger than the server accepts (FOVEA_MAX_UPLOAD_BYTES).",
  },
  {
    fr: {
      FILE_TOO_LARGE:
        "Le fichier est trop grand pour ce serveur. Envoyez moins de colonnes ou de lignes, un fichier Parquet, ou faites augmenter FOVEA_MAX_UPLOAD_BYTES.",
      INVALID_FILE_TYPE:
        "Ce fichier ne se prête pas à l’apprentissage. Envoyez un fichier CSV, TSV, Excel, Parquet ou JSON Lines, ou un ZIP de dossiers d’images par classe.",
      VALIDATION_ERROR:
        "Le fichier ne peut pas être utilisé tel quel. Corrigez ce qui est nommé ici, puis renvoyez-le.",
      STORAGE_FULL:
        "Le disque du serveur est plein. Supprimez un projet, ou faites libérer de l’espace.",
      SERVICE_UNAVAILABLE:
        "Le service de prédiction n’est pas démarré. Démarrez-le comme indiqué ici, puis réessayez.",
      lost: "La connexion s’est interrompue pendant l’envoi du fichier. Il dépasse peut-être ce que le serveur accepte (FOVEA_MAX_UPLOAD_BYTES).",
    },
  },
);

/** Why an upload failed: a sentence on what to do, and the server's own words. */
export function UploadFailure({ phase }: { phase: UploadPhase }) {
  const t = useWords(texts);
  if (phase.name !== "failed") {
    return null;
  }
  const { error, wasSending } = phase;
  if (error.isUnreachable && wasSending) {
    return (
      <p className={styles.advice} role="alert">
        {t.lost}
      </p>
    );
  }
  const advice = Object.hasOwn(t, error.code) ? t[error.code as keyof typeof t] : null;
  return (
    <div className={styles.failure}>
      {advice && <p className={styles.advice}>{advice}</p>}
      <ErrorNote error={error} />
    </div>
  );
}
