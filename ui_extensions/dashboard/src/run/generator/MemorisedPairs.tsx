import { useCallback, useMemo } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { useLive } from "../../live/liveStore";
import { NumberTable } from "../../projects/result/NumberTable";
import { Badge, type Tone } from "../../ui/Badge";
import { ErrorNote } from "../../ui/ErrorNote";
import { Section } from "../../ui/Section";
import { useQuery } from "../../ui/useQuery";
import { readDocument } from "../artifactDocument";
import { gallery } from "../loggedImages";
import { Picture } from "../Picture";
import { Facts } from "./Facts";
import styles from "./Generator.module.css";
import {
  type FlaggedPair,
  type Memorisation,
  MEMORISATION_PATH,
  type MemorisationVerdict,
  memorisationOf,
  PAIRS_KEY,
} from "./memorisation";

const texts = words(
  {
    title: "Memorised training images",
    memorised: "Memorised",
    "not shown": "Not shown",
    unknown: "Unknown",
    generated: "Generated images",
    train: "Training images",
    heldOut: "Held-out images",
    heldOutPatients: (images: string, patients: string) => `${images} of ${patients} patients`,
    copies: "Copies by pixels",
    flagged: "Flagged images",
    ofShare: (count: string, share: string, interval: string) => `${count}, ${share} (${interval})`,
    expected: "Expected without memorisation",
    share: (share: string, interval: string) => `${share} (${interval})`,
    wholeModel: "Closer to training than to held-out images",
    pValue: (share: string, p: string) => `${share}, p = ${p}`,
    encoder: "Encoder",
    pairs: "Each generated image, to the left of the training image that it is close to",
    table: (count: string) => `The ${count} closest pairs as a table`,
    number: "Generated",
    nearest: "Training",
    ratio: "Ratio of features",
    pixels: "Distance of pixels",
    isCopy: "Copy",
    yes: "yes",
    no: "no",
    none: "The picture of the pairs is not among the run’s artifacts.",
  },
  {
    fr: {
      title: "Images d’entraînement mémorisées",
      memorised: "Mémorisées",
      "not shown": "Non montré",
      unknown: "Inconnu",
      generated: "Images générées",
      train: "Images d’entraînement",
      heldOut: "Images réservées",
      heldOutPatients: (images, patients) => `${images}, de ${patients} patients`,
      copies: "Copies au pixel près",
      flagged: "Images signalées",
      ofShare: (count, share, interval) => `${count}, soit ${share} (${interval})`,
      expected: "Attendu sans mémorisation",
      share: (share, interval) => `${share} (${interval})`,
      wholeModel: "Plus proches de l’entraînement que des images réservées",
      pValue: (share, p) => `${share}, p = ${p}`,
      encoder: "Encodeur",
      pairs: "Chaque image générée, à gauche de l’image d’entraînement dont elle est proche",
      table: (count) => `Les ${count} paires les plus proches en tableau`,
      number: "Générée",
      nearest: "Entraînement",
      ratio: "Rapport des descripteurs",
      pixels: "Distance des pixels",
      isCopy: "Copie",
      yes: "oui",
      no: "non",
      none: "L’image des paires n’est pas parmi les artefacts de l’entraînement.",
    },
  },
);

const TONES: Record<MemorisationVerdict, Tone> = {
  memorised: "critical",
  "not shown": "ok",
  unknown: "stale",
};

interface Props {
  runId: string;
  paths: readonly string[];
}

/** Whether the model draws copies of what it has learned: the verdict, its reason, and the pairs. */
export function MemorisedPairs({ runId, paths }: Props) {
  const t = useWords(texts);
  const gaps = useLive((live) => live.gaps);
  const pictures = useMemo(
    () => gallery(paths).stepped.find(({ key }) => key === PAIRS_KEY)?.steps,
    [paths],
  );
  const read = useCallback(
    async (signal: AbortSignal) =>
      memorisationOf(await readDocument(runId, MEMORISATION_PATH, signal)),
    [runId],
  );
  const { data, error, refetch } = useQuery(read, `${pictures?.length} ${gaps}`);
  if (!data && !error) {
    return null;
  }
  const newest = pictures?.at(-1)?.images.at(-1);
  return (
    <Section title={t.title}>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {data && (
        <div className={styles.parts}>
          <p>
            <Badge tone={TONES[data.verdict]}>{t[data.verdict]}</Badge>{" "}
            <span lang="en">{data.reason}</span>
          </p>
          <Figures found={data} />
          {newest && (
            <div className={styles.wide}>
              <Picture runId={runId} image={{ ...newest, thumbnail: newest.path }} name={t.title}>
                {t.pairs}
              </Picture>
            </div>
          )}
          {data.pairs.length > 0 && (
            <>
              {!newest && <p className={styles.note}>{t.none}</p>}
              <Pairs pairs={data.pairs} />
            </>
          )}
        </div>
      )}
    </Section>
  );
}

function Figures({ found }: { found: Memorisation }) {
  const t = useWords(texts);
  const { whole, percent, metric } = useFormats();
  const { flagged, wholeModel } = found;
  const span = (interval: readonly [number, number] | null | undefined): string =>
    interval?.map((end) => percent(end)).join(" – ") ?? metric(null);
  return (
    <Facts
      facts={[
        [t.generated, whole(found.numGenerated)],
        [t.train, whole(found.numTrain)],
        [t.heldOut, t.heldOutPatients(whole(found.numHeldOut), whole(found.numHeldOutPatients))],
        [t.copies, whole(found.numCopies)],
        [
          t.flagged,
          flagged &&
            t.ofShare(whole(flagged.numFlagged), percent(flagged.share), span(flagged.interval)),
        ],
        [
          t.expected,
          flagged && t.share(percent(flagged.expectedShare), span(flagged.expectedInterval)),
        ],
        [
          t.wholeModel,
          wholeModel && t.pValue(percent(wholeModel.share), metric(wholeModel.pValue)),
        ],
        [
          t.encoder,
          found.encoder && <code>{`${found.encoder} ${found.digest.slice(0, 12)}`}</code>,
        ],
      ]}
    />
  );
}

function Pairs({ pairs }: { pairs: readonly FlaggedPair[] }) {
  const t = useWords(texts);
  const { whole, metric } = useFormats();
  return (
    <NumberTable
      title={t.table(whole(pairs.length))}
      heads={[t.number, t.nearest, t.ratio, t.pixels, t.isCopy]}
      rows={pairs.map(({ generated, train, featureRatio, pixelDistance, isCopy }) => [
        whole(generated),
        whole(train),
        metric(featureRatio),
        metric(pixelDistance),
        isCopy ? t.yes : t.no,
      ])}
    />
  );
}
