import type { Finding } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Empty } from "../ui/Section";
import { constantTexts, inWords } from "./diagnosisWords";
import styles from "./FindingList.module.css";

const texts = words(
  { none: "The model points to nothing in particular." },
  { fr: { none: "Le modèle ne désigne rien de particulier." } },
);

export function FindingList({ findings }: { findings: readonly Finding[] }) {
  const t = useWords(texts);
  const constants = useWords(constantTexts);
  const { percent } = useFormats();
  if (findings.length === 0) {
    return <Empty>{t.none}</Empty>;
  }
  return (
    <ul className={styles.findings}>
      {findings.map((finding) => (
        <li key={finding.finding_id}>
          <p>
            <strong>{finding.pathology}</strong>
            {finding.location && <span lang="en">, {finding.location}</span>}
            {finding.severity && <span>, {inWords(constants, finding.severity)}</span>}
          </p>
          <p className={styles.details}>
            <span lang="en">{finding.description}</span> · {inWords(constants, finding.source)}
            {finding.confidence > 0 && ` · ${percent(finding.confidence, 0)}`}
          </p>
        </li>
      ))}
    </ul>
  );
}
