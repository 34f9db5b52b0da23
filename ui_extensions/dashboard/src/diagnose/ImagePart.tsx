import type { DiagnosedImage } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { sideSourceTexts, sideTexts } from "./diagnosisWords";
import styles from "./ImagePart.module.css";
import { ImageView } from "./ImageView";

const texts = words(
  { failed: "This image could not be diagnosed:", none: "No diagnosis" },
  { fr: { failed: "Cette image n’a pas pu être diagnostiquée :", none: "Aucun diagnostic" } },
);

interface Props {
  image: DiagnosedImage;
  name: string;
  preview: string | null;
}

/** One image: its side, its own result or error, and the picture. */
export function ImagePart({ image, name, preview }: Props) {
  const t = useWords(texts);
  const sides = useWords(sideTexts);
  const sources = useWords(sideSourceTexts);
  const { percent } = useFormats();
  const source = Object.hasOwn(sources, image.laterality_source)
    ? sources[image.laterality_source as keyof typeof sources]
    : "";
  return (
    <div className={styles.part}>
      <p>
        <strong>{sides[image.laterality]}</strong>{" "}
        {source && <span className={styles.source}>({source})</span>}
      </p>
      {image.error && (
        <p role="alert">
          <Badge tone="critical">{t.failed}</Badge> <span lang="en">{image.error.message}</span>
        </p>
      )}
      {image.result && (
        <p>
          {image.result.abstained ? (
            <>
              <Badge tone="warning">{t.none}</Badge> <span lang="en">{image.result.reason}</span>
            </>
          ) : (
            <>
              {image.result.classification.primary_diagnosis}{" "}
              {percent(image.result.classification.confidence)}
            </>
          )}
        </p>
      )}
      <ImageView image={image} name={name} preview={preview} />
    </div>
  );
}
