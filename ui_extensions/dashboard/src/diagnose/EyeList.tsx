import type { DiagnosedEye } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { constantTexts, inWords, sideTexts } from "./diagnosisWords";
import styles from "./EyeList.module.css";
import { levelTone } from "./gates";

const texts = words(
  { none: "No diagnosis", images: (count: string) => `Images: ${count}` },
  { fr: { none: "Aucun diagnostic", images: (count) => `Images : ${count}` } },
);

/** The result of each eye, side by side. */
export function EyeList({ eyes }: { eyes: readonly DiagnosedEye[] }) {
  const t = useWords(texts);
  const sides = useWords(sideTexts);
  const constants = useWords(constantTexts);
  const { percent, whole } = useFormats();
  return (
    <ul className={styles.eyes}>
      {eyes.map(({ laterality, files, result, notes }) => (
        <li key={files.join()} className={styles.eye}>
          <h3>{sides[laterality]}</h3>
          {result.abstained ? (
            <>
              <p>
                <Badge tone="warning">{t.none}</Badge>
              </p>
              <p className={styles.details} lang="en">
                {result.reason}
              </p>
            </>
          ) : (
            <p className={styles.diagnosis}>
              <strong>{result.classification.primary_diagnosis}</strong>{" "}
              {percent(result.classification.confidence)}{" "}
              <Badge tone={levelTone(result.risk.level)}>
                {inWords(constants, result.risk.level || "unknown")}
              </Badge>
            </p>
          )}
          <p className={styles.details}>{t.images(whole(files.length))}</p>
          {notes.map((note) => (
            <p key={note} className={styles.details} lang="en">
              {note}
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}
