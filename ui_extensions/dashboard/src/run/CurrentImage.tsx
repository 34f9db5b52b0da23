import { useCallback, useRef } from "react";
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
  const shown = useArtifactPath(runId, path, found);
  const version = useNumChanges(shown);
  const title = status && hasEnded(status) ? t.last : t.current;
  return shown === null ? (
    <p className={styles.name}>
      <strong>{title}</strong> <code>{path}</code>
    </p>
  ) : (
    <Picture runId={runId} image={{ path: shown, thumbnail: shown }} name={title} version={version}>
      <strong>{title}</strong> {shown}
    </Picture>
  );
}

/** How often the value has changed since the page was opened. */
function useNumChanges(value: string | null): number {
  const seen = useRef({ value, count: 0 });
  if (seen.current.value !== value) {
    seen.current = { value, count: seen.current.count + 1 };
  }
  return seen.current.count;
}

/** The path if it is that of an artifact, the one before until that is known; else null.

The path is often that of a file of the data set, which is not among the artifacts. */
function useArtifactPath(runId: string, path: string, found: FoundImages): string | null {
  const parent = folder(path);
  const isKnown = found.paths.includes(path);
  const [top = ""] = parent.split("/");
  const mayExist = !isKnown && isImage(path) && found.folders.includes(top);
  const before = useRef<string | null>(null);
  const read = useCallback(
    async (signal: AbortSignal) => {
      const entries = mayExist ? await listArtifacts(runId, parent, signal) : [];
      return { path, isThere: entries.some((entry) => entry.path === path && !entry.is_dir) };
    },
    [runId, path, parent, mayExist],
  );
  const { data, error } = useQuery(read, found);
  if (isKnown || (data?.path === path && data.isThere)) {
    before.current = path;
  } else if (data?.path === path || error) {
    before.current = null;
  }
  return before.current;
}
