import { useEffect, useRef, useState } from "react";
import { closed } from "../../../live/bidi";
import type { DiagnosedImage } from "../../../live/schemas";
import { useWords, words } from "../i18n/words";
import { Section } from "../ui/Section";
import { Conclusion } from "./Conclusion";
import styles from "./DiagnosisView.module.css";
import { EvidenceList } from "./EvidenceList";
import { EyeList } from "./EyeList";
import { Feedback } from "./Feedback";
import { FindingList } from "./FindingList";
import { GateList } from "./GateList";
import { isJudged } from "./gates";
import { ImagePart } from "./ImagePart";
import { Limits } from "./Limits";
import { Probabilities } from "./Probabilities";
import type { Diagnosed } from "./useDiagnosis";
import type { PreviewOf } from "./usePreviews";

const texts = words(
  {
    result: "Result",
    checks: "Checks of the image",
    probabilities: "Probabilities",
    images: "Images",
    choose: "Image",
    eyes: "Each eye",
    findings: "Findings",
    evidence: "Evidence per condition",
    limits: "Limits",
    feedback: "Your verdict",
  },
  {
    fr: {
      result: "Résultat",
      checks: "Contrôles de l’image",
      probabilities: "Probabilités",
      images: "Images",
      choose: "Image",
      eyes: "Chaque œil",
      findings: "Constatations",
      evidence: "Preuves par affection",
      limits: "Limites",
      feedback: "Votre verdict",
    },
  },
);

interface Props {
  diagnosed: Diagnosed;
  previewOf: PreviewOf;
}

export function DiagnosisView({ diagnosed, previewOf }: Props) {
  const t = useWords(texts);
  const { data, images } = diagnosed;
  const top = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(0);
  useEffect(() => {
    showTop(top.current);
  }, [data]);
  const shown = data.images[place] ?? data.images[0];
  const chosen = shown && images[shown.file];
  const hasProbabilities = Object.keys(data.classification.probabilities).length > 0;
  return (
    <div className={styles.view} ref={top} tabIndex={-1}>
      <div className={styles.column}>
        <Section title={t.result}>
          <Conclusion result={data} />
          {data.notes.map((note) => (
            <p key={note} lang="en">
              {note}
            </p>
          ))}
        </Section>
        {shown && chosen && (
          <Section
            title={t.images}
            tools={
              data.images.length > 1 && (
                <select
                  aria-label={t.choose}
                  value={place}
                  onChange={(event) => setPlace(Number(event.target.value))}
                >
                  {data.images.map((each, index) => (
                    <option key={each.file} value={index}>
                      {nameOf(images, each, index)}
                    </option>
                  ))}
                </select>
              )
            }
          >
            <ImagePart
              key={`${data.request_id} ${shown.file}`}
              image={shown}
              name={closed(chosen.file.name)}
              preview={previewOf(chosen.file)}
            />
          </Section>
        )}
        <Section title={t.findings}>
          <FindingList findings={data.findings} />
        </Section>
      </div>
      <div className={styles.column}>
        <Section title={t.checks}>
          <GateList result={data} />
        </Section>
        {data.eyes.length > 1 && (
          <Section title={t.eyes}>
            <EyeList eyes={data.eyes} />
          </Section>
        )}
        {hasProbabilities && (
          <Section title={t.probabilities}>
            <Probabilities result={data} />
          </Section>
        )}
        <Section title={t.evidence}>
          <EvidenceList evidence={data.evidence} isJudged={isJudged(data)} />
        </Section>
        <Section title={t.feedback}>
          <Feedback key={data.request_id} data={data} />
        </Section>
        <Section title={t.limits}>
          <Limits result={data} />
        </Section>
      </div>
    </div>
  );
}

/** Screen readers begin with the result; on a phone it is below what was on the screen. */
function showTop(element: HTMLElement | null): void {
  element?.focus({ preventScroll: true });
  const top = element?.getBoundingClientRect().top ?? 0;
  if (top < 0 || top > window.innerHeight / 2) {
    element?.scrollIntoView();
  }
}

function nameOf(images: Diagnosed["images"], image: DiagnosedImage, index: number): string {
  return `${index + 1}. ${closed(images[image.file]?.file.name ?? "")}`;
}
