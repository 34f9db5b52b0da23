import type { ConditionEvidence } from "../../../live/schemas";
import { type Formats, useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { Empty } from "../ui/Section";
import styles from "./EvidenceList.module.css";

const texts = words(
  {
    none: "Nothing was recorded when this model was trained: how often it misses a condition is unknown.",
    positive: "positive",
    negative: "negative",
    unknown: "cannot be shown",
    notJudged: "not judged",
    probability: (share: string) => `probability ${share}`,
    threshold: (share: string) => `threshold ${share}`,
    shown: (share: string, interval: string, cases: string) =>
      `Sensitivity on the validation images: ${share}${interval}, ${cases} cases`,
    notShown: (cases: string) => `No sensitivity was measured (${cases} cases)`,
    interval: (low: string, high: string) => ` (95% interval ${low} to ${high})`,
    required: (share: string) => `required: ${share}`,
  },
  {
    fr: {
      none: "Rien n’a été enregistré à l’entraînement de ce modèle : on ne sait pas combien de fois il manque une affection.",
      positive: "positif",
      negative: "négatif",
      unknown: "ne peut être montré",
      notJudged: "pas jugé",
      probability: (share) => `probabilité ${share}`,
      threshold: (share) => `seuil ${share}`,
      shown: (share, interval, cases) =>
        `Sensibilité sur les images de validation : ${share}${interval}, ${cases} cas`,
      notShown: (cases) => `Aucune sensibilité n’a été mesurée (${cases} cas)`,
      interval: (low, high) => ` (intervalle à 95 % de ${low} à ${high})`,
      required: (share) => `exigée : ${share}`,
    },
  },
);

interface Props {
  evidence: readonly ConditionEvidence[];
  /** False without a diagnosis: the probabilities then say nothing about the image. */
  isJudged: boolean;
}

/** What was shown of the model for each critical condition. */
export function EvidenceList({ evidence, isJudged }: Props) {
  const t = useWords(texts);
  if (evidence.length === 0) {
    return <Empty>{t.none}</Empty>;
  }
  return (
    <ul className={styles.list}>
      {evidence.map((each) => (
        <Evidence key={each.condition} evidence={each} isJudged={isJudged} />
      ))}
    </ul>
  );
}

function Evidence({ evidence, isJudged }: { evidence: ConditionEvidence; isJudged: boolean }) {
  const t = useWords(texts);
  const formats = useFormats();
  const { percent } = formats;
  const { condition, threshold } = evidence;
  return (
    <li className={styles.condition}>
      <p className={styles.head}>
        <strong>{condition.replace(/_/g, " ")}</strong>
        {isJudged ? <Verdict evidence={evidence} /> : <Badge tone="stale">{t.notJudged}</Badge>}
      </p>
      {isJudged && (
        <p>
          {t.probability(percent(evidence.probability))}
          {threshold !== null && ` · ${t.threshold(percent(threshold))}`}
        </p>
      )}
      <p className={styles.details}>
        {sensitivity(evidence, t, formats)} ·{" "}
        {t.required(percent(evidence.required_sensitivity, 0))}
        {evidence.note && <span lang="en"> · {evidence.note}</span>}
      </p>
    </li>
  );
}

/** A condition is negative only below a threshold whose sensitivity was shown. */
function Verdict({ evidence: { is_positive, threshold } }: { evidence: ConditionEvidence }) {
  const t = useWords(texts);
  if (is_positive) {
    return <Badge tone="critical">{t.positive}</Badge>;
  }
  return threshold === null ? (
    <Badge tone="stale">{t.unknown}</Badge>
  ) : (
    <Badge tone="ok">{t.negative}</Badge>
  );
}

function sensitivity(
  evidence: ConditionEvidence,
  t: (typeof texts)["en"],
  { percent, whole }: Formats,
): string {
  const { sensitivity: share, confidence_interval: interval, support } = evidence;
  if (share === null) {
    return t.notShown(whole(support));
  }
  const around = interval ? t.interval(percent(interval[0], 0), percent(interval[1], 0)) : "";
  return t.shown(percent(share, 0), around, whole(support));
}
