import { lazy, type ReactNode, Suspense, useState } from "react";
import { useWords, words } from "../i18n/words";
import { ArtifactImage } from "./ArtifactImage";
import type { LoggedImage } from "./loggedImages";
import type { StepPicture } from "./pictures/Viewer";
import styles from "./Picture.module.css";

const Viewer = lazy(async () => ({ default: (await import("./pictures/Viewer")).Viewer }));

const texts = words(
  {
    enlarge: (name: string) => `${name}: enlarge`,
    failed: "The picture cannot be shown.",
  },
  {
    fr: {
      enlarge: (name) => `${name} : agrandir`,
      failed: "L’image ne peut pas être affichée.",
    },
  },
);

interface Props {
  runId: string;
  image: LoggedImage;
  name: string;
  /** The same picture over the steps, if it has several. */
  steps?: { key: string; pictures: readonly StepPicture[] };
  /** Of a path whose content changes. */
  version?: number;
  /** The caption. */
  children: ReactNode;
}

/** A picture in a gallery; a click enlarges it. */
export function Picture({ runId, image, name, steps, version = 0, children }: Props) {
  const t = useWords(texts);
  const [isOpen, setIsOpen] = useState(false);
  const [failed, setFailed] = useState<string>();
  const shown = `${image.path} ${version}`;
  const hasFailed = failed === shown;
  const fail = () => setFailed(shown);
  return (
    <figure className={styles.figure}>
      {hasFailed ? (
        <p className={styles.failed}>{t.failed}</p>
      ) : (
        <button type="button" className={styles.open} onClick={() => setIsOpen(true)}>
          <ArtifactImage
            key={`${image.thumbnail} ${version}`}
            runId={runId}
            path={image.thumbnail}
            version={version}
            alt={t.enlarge(name)}
            loading="lazy"
            onFailure={fail}
          />
        </button>
      )}
      <figcaption className={styles.caption}>{children}</figcaption>
      {isOpen && (
        <Suspense>
          <Viewer
            runId={runId}
            path={image.path}
            name={steps?.key ?? name}
            steps={steps?.pictures ?? []}
            version={version}
            onClose={() => setIsOpen(false)}
          />
        </Suspense>
      )}
    </figure>
  );
}
