import { useCallback } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useLanguage } from "../../i18n/language";
import { useWords, words } from "../../i18n/words";
import { useLive } from "../../live/liveStore";
import { ErrorNote } from "../../ui/ErrorNote";
import { Section } from "../../ui/Section";
import { useQuery } from "../../ui/useQuery";
import { readDocument } from "../artifactDocument";
import { BucketTable } from "./BucketTable";
import { type Count, type DataReport as Report, dataReportOf, REPORT_PATH } from "./reportDocument";
import { Facts } from "./Facts";
import styles from "./Generator.module.css";
import { ImageTable } from "./ImageTable";
import {
  CAPTION_FIGURES,
  COPY_FIGURES,
  FATES_IN_FRENCH,
  IMAGE_FIGURES,
  reportWords,
  STEP_FIGURES,
} from "./reportWords";

const texts = words(
  {
    title: "Data report",
    heldOut: "Held out",
    cropped: "Cropped on average",
    neverSeen: (count: string) =>
      `${count} images are never seen: train more epochs, or make the steps smaller.`,
    repeating: (count: string) =>
      `${count} buckets have fewer samples than a step: their images are repeated in it, with other noise.`,
    used: "Files that are used",
    leftOut: "Files that are left out",
    captions: "Captions",
    images: "Images",
    copies: "Copies",
    nothing: "None",
    endings: (endings: string) => `Of other kinds: ${endings}`,
  },
  {
    fr: {
      title: "Rapport sur les données",
      heldOut: "Réservées",
      cropped: "Rognées en moyenne",
      neverSeen: (count) =>
        `${count} images ne sont jamais vues : entraînez plus d’époques, ou faites des pas plus petits.`,
      repeating: (count) =>
        `${count} formats ont moins d’exemples qu’un pas : leurs images y sont répétées, avec un autre bruit.`,
      used: "Fichiers utilisés",
      leftOut: "Fichiers laissés de côté",
      captions: "Légendes",
      images: "Images",
      copies: "Copies",
      nothing: "Aucun",
      endings: (endings) => `D’autres types : ${endings}`,
    },
  },
);

const MAX_SHOWN = 30;

/** What becomes of each file of a training on captioned images, and its exact steps. */
export function DataReport({ runId }: { runId: string }) {
  const t = useWords(texts);
  const gaps = useLive((live) => live.gaps);
  const read = useCallback(
    async (signal: AbortSignal) => dataReportOf(await readDocument(runId, REPORT_PATH, signal)),
    [runId],
  );
  const { data, error, refetch } = useQuery(read, gaps);
  if (!data && !error) {
    return null;
  }
  return (
    <Section title={t.title}>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {data && (
        <div className={styles.parts}>
          <Steps report={data} />
          <div className={styles.lists}>
            <Counts title={t.leftOut} counts={data.leftOut} endings={data.endings} />
            <Counts title={t.used} counts={data.used} />
            <Figures title={t.captions} figures={data.captions} names={CAPTION_FIGURES} />
            <Figures title={t.images} figures={data.images} names={IMAGE_FIGURES} />
            <Figures title={t.copies} figures={data.copies} names={COPY_FIGURES} />
          </div>
          <BucketTable buckets={data.buckets} />
          <ImageTable listed={data.listed} numNotListed={data.numNotListed} />
        </div>
      )}
    </Section>
  );
}

function Steps({ report: { steps, images, heldOut } }: { report: Report }) {
  const t = useWords(texts);
  const names = useWords(reportWords);
  const { whole, percent } = useFormats();
  const [numNeverSeen, numRepeating, cropped] = [
    steps.get("images_never_seen") ?? 0,
    steps.get("buckets_smaller_than_a_step") ?? 0,
    images.get("mean_cropped_share"),
  ];
  return (
    <>
      <Facts
        facts={[
          ...STEP_FIGURES.map((name) => [names[name], shown(steps.get(name), whole)] as const),
          [t.heldOut, shown(heldOut, whole)],
          [t.cropped, shown(cropped, percent)],
        ]}
      />
      {numNeverSeen > 0 && <p className={styles.problem}>▲ {t.neverSeen(whole(numNeverSeen))}</p>}
      {numRepeating > 0 && <p className={styles.note}>{t.repeating(whole(numRepeating))}</p>}
    </>
  );
}

function shown(value: number | null | undefined, format: (value: number) => string): string | null {
  return value === null || value === undefined ? null : format(value);
}

interface CountsProps {
  title: string;
  counts: readonly Count[];
  /** Of files that are no images, with their numbers. */
  endings?: readonly Count[];
}

/** How many files have each fate. */
function Counts({ title, counts, endings = [] }: CountsProps) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const isFrench = useLanguage((choice) => choice.language === "fr");
  const named = (name: string) =>
    (isFrench && FATES_IN_FRENCH[name]) || <span lang="en">{name}</span>;
  const listed = endings.slice(0, MAX_SHOWN).map(({ name, count }) => `${name} (${whole(count)})`);
  return (
    <div>
      <h3>{title}</h3>
      {counts.length === 0 && <p className={styles.note}>{t.nothing}</p>}
      <ul>
        {counts.slice(0, MAX_SHOWN).map(({ name, count }) => (
          <li key={name}>
            <span>{named(name)}</span>
            <span>{whole(count)}</span>
          </li>
        ))}
      </ul>
      {listed.length > 0 && <p className={styles.note}>{t.endings(listed.join(", "))}</p>}
    </div>
  );
}

interface FiguresProps {
  title: string;
  figures: ReadonlyMap<string, number>;
  names: readonly (keyof (typeof reportWords)["en"])[];
}

/** The figures that are not 0. */
function Figures({ title, figures, names }: FiguresProps) {
  const t = useWords(texts);
  const labels = useWords(reportWords);
  const { whole } = useFormats();
  const found = names.flatMap((name) => {
    const count = figures.get(name) ?? 0;
    return count > 0 ? [{ name, count }] : [];
  });
  return (
    <div>
      <h3>{title}</h3>
      {found.length === 0 && <p className={styles.note}>{t.nothing}</p>}
      <ul>
        {found.map(({ name, count }) => (
          <li key={name}>
            <span>{labels[name]}</span>
            <span>{whole(count)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
