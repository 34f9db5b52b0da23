import { useCallback, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { Empty } from "../../ui/Section";
import { useQuery } from "../../ui/useQuery";
import { listArtifacts } from "../artifacts";
import { type ArtifactEntry, fileName } from "../loggedImages";
import styles from "./Files.module.css";

const AT_ONCE = 200;

const texts = words(
  {
    loading: "Loading the folder…",
    empty: "Empty.",
    none: "The run has logged no artifacts.",
    more: (count: string) => `Show ${count} more`,
  },
  {
    fr: {
      loading: "Chargement du dossier…",
      empty: "Vide.",
      none: "L’entraînement n’a enregistré aucun artefact.",
      more: (count) => `En afficher ${count} de plus`,
    },
  },
);

interface Props {
  runId: string;
  /** Empty for the root. */
  path: string;
  /** Loads again when it changes. */
  when: unknown;
  chosen: ArtifactEntry | null;
  onChoose(file: ArtifactEntry): void;
}

/** The entries of one folder, folders first; those of a folder in it are loaded when it is opened. */
export function Folder({ runId, path, when, chosen, onChoose }: Props) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const [limit, setLimit] = useState(AT_ONCE);
  const read = useCallback(
    async (signal: AbortSignal) => (await listArtifacts(runId, path, signal)).sort(inOrder),
    [runId, path],
  );
  const { data, error, refetch } = useQuery(read, when);
  if (!data) {
    return error ? <ErrorNote error={error} onRetry={refetch} /> : <Empty>{t.loading}</Empty>;
  }
  if (data.length === 0) {
    return <Empty>{path === "" ? t.none : t.empty}</Empty>;
  }
  const left = data.length - limit;
  return (
    <ul>
      {data.slice(0, limit).map((entry) => (
        <li key={entry.path}>
          {entry.is_dir ? (
            <SubFolder
              runId={runId}
              path={entry.path}
              when={when}
              chosen={chosen}
              onChoose={onChoose}
            />
          ) : (
            <File
              entry={entry}
              isChosen={chosen?.path === entry.path}
              onChoose={() => onChoose(entry)}
            />
          )}
        </li>
      ))}
      {left > 0 && (
        <li>
          <Button onClick={() => setLimit(limit + AT_ONCE)}>
            {t.more(whole(Math.min(left, AT_ONCE)))}
          </Button>
        </li>
      )}
    </ul>
  );
}

function SubFolder(props: Props) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className={styles.entry}
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span>
        <bdi>{fileName(props.path)}/</bdi>
      </button>
      {isOpen && <Folder {...props} />}
    </>
  );
}

interface FileProps {
  entry: ArtifactEntry;
  isChosen: boolean;
  onChoose(): void;
}

function File({ entry, isChosen, onChoose }: FileProps) {
  const { bytes } = useFormats();
  const size = sizeOf(entry);
  return (
    <button type="button" className={styles.entry} aria-pressed={isChosen} onClick={onChoose}>
      <bdi>{fileName(entry.path)}</bdi>
      {size !== null && <small>{bytes(size)}</small>}
    </button>
  );
}

/** Null if the store does not say the size, and for an empty file, of which MLflow leaves it out. */
export function sizeOf({ file_size }: ArtifactEntry): number | null {
  return file_size === undefined ? null : Number(file_size);
}

const inOrder = (a: ArtifactEntry, b: ArtifactEntry): number =>
  Number(b.is_dir) - Number(a.is_dir) || COLLATOR.compare(a.path, b.path);

const COLLATOR = new Intl.Collator("en", { numeric: true });
