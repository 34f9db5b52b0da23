import { useMemo, useState } from "react";
import { useFormats } from "../i18n/useFormats";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { ErrorNote } from "../ui/ErrorNote";
import { Empty, Section } from "../ui/Section";
import { ShowMore } from "../ui/ShowMore";
import type { QueryResult } from "../ui/useQuery";
import type { FoundImages } from "./artifacts";
import { CurrentImage } from "./CurrentImage";
import { sampleNumber } from "./generatorRun";
import { type Gallery, gallery, imageName, type SteppedImages } from "./loggedImages";
import { Picture } from "./Picture";
import styles from "./SampleImages.module.css";
import { SteppedPicture } from "./SteppedPicture";

const SHOWN_AT_ONCE = 24;

const texts = words(
  {
    title: "Images",
    loading: "Loading the run’s artifacts…",
    none: "The run has logged no images yet. To show one for each step:",
    left: (count: string) => `${count} more folders in samples/ are not shown.`,
  },
  {
    fr: {
      title: "Images",
      loading: "Chargement des artefacts…",
      none: "L’entraînement n’a pas encore enregistré d’images. Pour en montrer une à chaque pas :",
      left: (count) => `${count} autres dossiers de samples/ ne sont pas montrés.`,
    },
  },
);

const CALL = 'mlflow.log_image(image, key="sample", step=step)';

interface Props {
  runId: string;
  images: QueryResult<FoundImages>;
}

/** The run's current image, and the images that it has logged. */
export function SampleImages({ runId, images }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const current = useLive((live) => live.runs[runId]?.status?.current_image ?? null);
  const [numShown, setNumShown] = useState(SHOWN_AT_ONCE);
  const { data, error, refetch } = images;
  const { stepped, single } = useMemo(() => inRows(gallery(data?.paths ?? [])), [data]);

  const numSingle = Math.max(0, numShown - stepped.length);
  const numHidden = stepped.length + single.length - numShown;
  const isEmpty = data && !current && stepped.length === 0 && single.length === 0;
  if (isEmpty && !error && data.paths.length > 0) {
    return null;
  }
  return (
    <Section title={t.title}>
      {error && <ErrorNote error={error} onRetry={refetch} />}
      {!data && !error && <Empty>{t.loading}</Empty>}
      {isEmpty && (
        <Empty>
          {t.none} <code className={styles.call}>{CALL}</code>
        </Empty>
      )}
      {data && !isEmpty && (
        <div className={styles.grid}>
          {current && <CurrentImage runId={runId} path={current} found={data} />}
          {stepped.slice(0, numShown).map((each) => (
            <SteppedPicture key={each.key} runId={runId} images={each} />
          ))}
          {single.slice(0, numSingle).map((image) => (
            <Picture key={image.path} runId={runId} image={image} name={imageName(image.path)}>
              {image.path}
            </Picture>
          ))}
        </div>
      )}
      <ShowMore
        left={numHidden}
        step={SHOWN_AT_ONCE}
        onMore={() => setNumShown(numShown + SHOWN_AT_ONCE)}
      />
      {data && data.numLeftOut > 0 && (
        <p className={styles.note}>{t.left(whole(data.numLeftOut))}</p>
      )}
    </Section>
  );
}

/** Sorts images that fill a whole row behind those that share one; samples have a part of their own. */
function inRows({ stepped, single }: Gallery): Gallery {
  const isWide = ({ steps }: SteppedImages) => steps.some(({ images }) => images.length > 1);
  const shown = stepped.filter(({ key }) => sampleNumber(key) === null);
  const narrow = shown.filter((images) => !isWide(images));
  return { stepped: [...narrow, ...shown.filter(isWide)], single };
}
