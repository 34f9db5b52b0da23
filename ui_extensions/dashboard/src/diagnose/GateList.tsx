import type { DiagnosisResult } from "../../../live/schemas";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { Badge } from "../ui/Badge";
import { constantTexts, inWords } from "./diagnosisWords";
import styles from "./GateList.module.css";
import { GATE_TONES, gatesOf, type GateVerdict } from "./gates";

const texts = words(
  {
    checks: "Checks of the image",
    quality: "Quality",
    gradable: "gradable",
    notGradable: "not gradable",
    retake: "retake the image",
    modality: "Kind of image",
    distribution: "Like what the model has seen",
    inside: "yes",
    outside: "no",
    unknown: "not known",
    by: (method: string) => `judged by ${method}`,
    distance: (distance: string, most: string) =>
      `distance ${distance}, at most ${most} is accepted`,
  },
  {
    fr: {
      checks: "Contrôles de l’image",
      quality: "Qualité",
      gradable: "interprétable",
      notGradable: "non interprétable",
      retake: "reprendre l’image",
      modality: "Type d’image",
      distribution: "Semblable à ce que le modèle a vu",
      inside: "oui",
      outside: "non",
      unknown: "pas connu",
      by: (method) => `jugé par ${method}`,
      distance: (distance, most) => `distance ${distance}, au plus ${most} est acceptée`,
    },
  },
);

export function GateList({ result }: { result: DiagnosisResult }) {
  const t = useWords(texts);
  const constants = useWords(constantTexts);
  const { metric, percent } = useFormats();
  const gates = gatesOf(result);
  const { quality, modality, out_of_distribution: distribution } = result;
  return (
    <dl className={styles.gates} aria-label={t.checks}>
      <Gate
        name={t.quality}
        verdict={gates.quality}
        word={quality?.gradable ? t.gradable : t.notGradable}
      >
        {quality && [
          ...quality.reasons.map((reason) => inWords(constants, reason)),
          quality.advice === "retake" ? t.retake : quality.advice,
          quality.method && t.by(inWords(constants, quality.method)),
        ]}
      </Gate>
      <Gate
        name={t.modality}
        verdict={gates.modality}
        word={inWords(constants, modality?.modality ?? "unknown")}
      >
        {modality && [
          modality.confidence > 0 && percent(modality.confidence, 0),
          modality.method && t.by(inWords(constants, modality.method)),
        ]}
      </Gate>
      <Gate
        name={t.distribution}
        verdict={gates.distribution}
        word={distribution?.is_outside ? t.outside : t.inside}
      >
        {distribution && [
          t.distance(metric(distribution.distance), metric(distribution.threshold)),
        ]}
      </Gate>
    </dl>
  );
}

interface Props {
  name: string;
  verdict: GateVerdict;
  /** What the verdict is called if it is known. */
  word: string;
  children: ReadonlyArray<string | false> | null | undefined;
}

function Gate({ name, verdict, word, children }: Props) {
  const t = useWords(texts);
  return (
    <div className={styles.gate}>
      <dt>{name}</dt>
      <dd>
        <Badge tone={GATE_TONES[verdict]}>{verdict === "unknown" ? t.unknown : word}</Badge>{" "}
        <span className={styles.details}>{children?.filter(Boolean).join(" · ")}</span>
      </dd>
    </div>
  );
}
