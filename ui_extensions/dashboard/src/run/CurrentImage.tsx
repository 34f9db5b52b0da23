import { useCallback } from "react";
import { hasEnded } from "../../../live/runStatus";
import { useWords, words } from "../i18n/words";
import { useLive } from "../live/liveStore";
import { useQuery } from "../ui/useQuery";
import { type FoundImages, listArtifacts } from "./artifacts";
import styles from "./CurrentImage.module.css";
import { folder, isImage } from "./loggedImages";
import { Picture } from "./Picture";

const texts = words(
  { current: "Current image", last: "Last image" },
  { fr: { current: "Image en cours", last: "Dernière image" } },
);

interface Props {
  runId: string;
  path: string;
  found: FoundImages;
}

/** The run's current image: as a picture if it is an artifact, else by its name. */
export function CurrentImage({ runId, path, found }: Props) {
  const t = useWords(texts);
  const status = useLive((live) => live.runs[runId]?.status?.status);
  const isArtifact = useIsArtifact(runId, path, found);
  const title = status && hasEnded(status) ? t.last : t.current;
  return isArtifact ? (
    <Picture runId={runId} image={{ path, thumbnail: path }} name={path}>
      <strong>{title}</strong> {path}
    </Picture>
  ) : (
    <p className={styles.name}>
      <strong>{title}</strong> <code>{path}</code>
    </p>
  );
}

/** The path is often that of a file of the data set, which is not among the artifacts. */
function useIsArtifact(runId: string, path: string, found: FoundImages): boolean {
  const parent = folder(path);
  const isKnown = found.paths.includes(path);
  const [top = ""] = parent.split("/");
  const mayExist = !isKnown && isImage(path) && found.folders.includes(top);
  const listedFolder = mayExist ? parent : null;
  const read = useCallback(
    async (signal: AbortSignal) =>
      listedFolder === null ? [] : listArtifacts(runId, listedFolder, signal),
    [runId, listedFolder],
  );
  const { data } = useQuery(read);
  return isKnown || (data?.some((entry) => entry.path === path && !entry.is_dir) ?? false);
}
