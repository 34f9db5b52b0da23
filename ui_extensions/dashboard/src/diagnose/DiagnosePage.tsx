import { useState } from "react";
import type { Laterality } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { Button } from "../ui/Button";
import { DropZone } from "../ui/DropZone";
import { ErrorNote } from "../ui/ErrorNote";
import { Section } from "../ui/Section";
import { SendingOr } from "../ui/SendingOr";
import { usePageTitle } from "../ui/usePageTitle";
import type { UploadPhase } from "../ui/useUpload";
import {
  type ChosenImage,
  isThresholdWrong,
  type Options,
  withFiles,
  withoutImage,
  withSide,
} from "./chosenImages";
import styles from "./DiagnosePage.module.css";
import { DiagnosisView } from "./DiagnosisView";
import { ImageList } from "./ImageList";
import { RequestOptions } from "./RequestOptions";
import { ServiceNote } from "./ServiceNote";
import { useDiagnosis } from "./useDiagnosis";
import { usePreviews } from "./usePreviews";
import { useServiceHealth } from "./useServiceHealth";

const texts = words(
  {
    title: "Diagnose",
    images: "Images of one patient",
    diagnose: "Diagnose",
    drop: "Drop images here",
    choose: "Choose images…",
    kinds: "Fundus photographs and OCT, as DICOM, PNG, JPEG, TIFF or WebP. All are of one patient.",
    sending: (share: string) => `Sending the images: ${share}`,
    working: "The images are being diagnosed…",
    noImages: "Choose an image first",
    wrongOptions: "An option has no valid value",
    down: "The diagnosis service is not running",
    lost: "The connection ended while the images were being sent. They may be larger than the server accepts (FOVEA_MAX_UPLOAD_BYTES).",
    changed: "The images have changed since this result.",
    empty:
      "The result appears here: the diagnosis or why there is none, where the model looked, and what evidence stands behind each number.",
  },
  {
    fr: {
      title: "Diagnostiquer",
      images: "Images d’un seul patient",
      diagnose: "Diagnostiquer",
      drop: "Déposez les images ici",
      choose: "Choisir des images…",
      kinds:
        "Photographies du fond d’œil et OCT, en DICOM, PNG, JPEG, TIFF ou WebP. Toutes sont d’un seul patient.",
      sending: (share) => `Envoi des images : ${share}`,
      working: "Le diagnostic des images est en cours…",
      noImages: "Choisissez d’abord une image",
      wrongOptions: "Une option n’a pas de valeur valide",
      down: "Le service de diagnostic n’est pas démarré",
      lost: "La connexion s’est interrompue pendant l’envoi des images. Elles dépassent peut-être ce que le serveur accepte (FOVEA_MAX_UPLOAD_BYTES).",
      changed: "Les images ont changé depuis ce résultat.",
      empty:
        "Le résultat apparaît ici : le diagnostic ou pourquoi il n’y en a pas, où le modèle a regardé, et quelles preuves appuient chaque nombre.",
    },
  },
);

/** Images in, diagnosis out, with what is known and not known of it. */
export function DiagnosePage() {
  const t = useWords(texts);
  const [images, setImages] = useState<readonly ChosenImage[]>([]);
  const [options, setOptions] = useState<Options>({ segmentation: false, threshold: "" });
  const { data: health, error, refetch } = useServiceHealth();
  const { phase, diagnosed, start, cancel } = useDiagnosis();
  const previewOf = usePreviews();

  usePageTitle(t.title);

  const whyNot = () => {
    if (images.length === 0) {
      return t.noImages;
    }
    if (isThresholdWrong(options.threshold)) {
      return t.wrongOptions;
    }
    return health?.status === "error" ? t.down : undefined;
  };
  return (
    <div className={styles.page}>
      <h1>{t.title}</h1>
      <div className={styles.parts}>
        <div className={styles.request}>
          {health && <ServiceNote health={health} onCheck={refetch} />}
          {error && <ErrorNote error={error} onRetry={refetch} />}
          <Section title={t.images}>
            <div className={styles.form}>
              <DropZone
                drop={t.drop}
                choose={t.choose}
                kinds={t.kinds}
                onFiles={(files) => setImages((now) => withFiles(now, files))}
              />
              <ImageList
                images={images}
                previewOf={previewOf}
                onSide={(id: number, side: Laterality) =>
                  setImages((now) => withSide(now, id, side))
                }
                onRemove={(id) => setImages((now) => withoutImage(now, id))}
              />
              <RequestOptions options={options} onChange={setOptions} />
              <SendingOr phase={phase} onCancel={cancel} sending={t.sending} working={t.working}>
                <Button
                  variant="primary"
                  className={styles.start}
                  whyNot={whyNot()}
                  onClick={() => void start(images, options)}
                >
                  {t.diagnose}
                </Button>
              </SendingOr>
              <Failure phase={phase} lost={t.lost} />
            </div>
          </Section>
        </div>
        <div className={styles.result}>
          {diagnosed && diagnosed.images !== images && (
            <p className={styles.changed} role="status">
              {t.changed}
            </p>
          )}
          {diagnosed ? (
            <DiagnosisView
              key={diagnosed.data.request_id}
              diagnosed={diagnosed}
              previewOf={previewOf}
            />
          ) : (
            <p className={styles.empty}>{t.empty}</p>
          )}
        </div>
      </div>
    </div>
  );
}

function Failure({ phase, lost }: { phase: UploadPhase; lost: string }) {
  if (phase.name !== "failed") {
    return null;
  }
  const isLost = phase.error.isUnreachable && phase.wasSending;
  return isLost ? (
    <p className={styles.lost} role="alert">
      {lost}
    </p>
  ) : (
    <ErrorNote error={phase.error} />
  );
}
