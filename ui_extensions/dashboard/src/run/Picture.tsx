import { type ReactNode, useState } from "react";
import { useWords, words } from "../i18n/words";
import { address } from "../live/session";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { ArtifactImage } from "./ArtifactImage";
import { artifactUrl } from "./artifacts";
import type { LoggedImage } from "./loggedImages";
import styles from "./Picture.module.css";

const texts = words(
  {
    enlarge: (name: string) => `${name}: enlarge`,
    failed: "The picture cannot be shown.",
    download: "Download",
    close: "Close",
  },
  {
    fr: {
      enlarge: (name) => `${name} : agrandir`,
      failed: "L’image ne peut pas être affichée.",
      download: "Télécharger",
      close: "Fermer",
    },
  },
);

interface Props {
  runId: string;
  image: LoggedImage;
  name: string;
  /** The caption. */
  children: ReactNode;
}

/** A picture in a gallery; a click enlarges it. */
export function Picture({ runId, image, name, children }: Props) {
  const t = useWords(texts);
  const [isOpen, setIsOpen] = useState(false);
  const [failedPath, setFailedPath] = useState<string>();
  const hasFailed = failedPath === image.path;
  const fail = () => setFailedPath(image.path);
  return (
    <figure className={styles.figure}>
      {hasFailed ? (
        <p className={styles.failed}>{t.failed}</p>
      ) : (
        <button type="button" className={styles.open} onClick={() => setIsOpen(true)}>
          <ArtifactImage
            key={image.thumbnail}
            runId={runId}
            path={image.thumbnail}
            alt={t.enlarge(name)}
            loading="lazy"
            onFailure={fail}
          />
        </button>
      )}
      <figcaption className={styles.caption}>{children}</figcaption>
      {isOpen && (
        <Dialog title={name} onClose={() => setIsOpen(false)} isWide>
          {hasFailed ? (
            <p>{t.failed}</p>
          ) : (
            <ArtifactImage
              className={styles.large}
              runId={runId}
              path={image.path}
              alt={name}
              onFailure={fail}
            />
          )}
          <p className={styles.path}>
            {/* A link cannot send the header that names the workspace. */}
            {address.workspace === null && (
              <a href={artifactUrl(runId, image.path)} download>
                {t.download}
              </a>
            )}{" "}
            <code>{image.path}</code>
          </p>
          <DialogActions>
            <Button onClick={() => setIsOpen(false)}>{t.close}</Button>
          </DialogActions>
        </Dialog>
      )}
    </figure>
  );
}
