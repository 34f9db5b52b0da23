import { useCallback, useMemo, useState } from "react";
import { useFormats } from "../../i18n/useFormats";
import { useWords, words } from "../../i18n/words";
import { address } from "../../live/session";
import { ErrorNote } from "../../ui/ErrorNote";
import { Empty } from "../../ui/Section";
import { useQuery } from "../../ui/useQuery";
import { ArtifactImage } from "../ArtifactImage";
import { artifactUrl } from "../artifacts";
import { type ArtifactEntry, fileName } from "../loggedImages";
import styles from "./Files.module.css";
import { sizeOf } from "./Folder";
import { isBinary, type PreviewTable, previewKind, readableText, readTable } from "./fileText";
import { MAX_READ_BYTES, readStart } from "./readStart";
import type { Start } from "./start";

/** A larger picture is only downloaded. */
const MAX_PICTURE_BYTES = 32 * 1024 * 1024;

const texts = words(
  {
    download: "Download",
    loading: "Loading the preview…",
    empty: "The file is empty.",
    binary: "This file is not text: download it to open it.",
    large: "This picture is too large for a preview: download it to open it.",
    failed: "The picture cannot be shown.",
    start: (size: string) =>
      `The beginning of the file, up to ${size}. The download has all of it.`,
    rows: (shown: string, all: string) => `${shown} of ${all} rows`,
    firstRows: (shown: string) => `The first ${shown} rows`,
    content: (name: string) => `Content of ${name}`,
  },
  {
    fr: {
      download: "Télécharger",
      loading: "Chargement de l’aperçu…",
      empty: "Le fichier est vide.",
      binary: "Ce fichier n’est pas du texte : téléchargez-le pour l’ouvrir.",
      large: "Cette image est trop grande pour un aperçu : téléchargez-la pour l’ouvrir.",
      failed: "L’image ne peut pas être affichée.",
      start: (size) =>
        `Le début du fichier, jusqu’à ${size}. Le téléchargement le contient en entier.`,
      rows: (shown, all) => `${shown} lignes sur ${all}`,
      firstRows: (shown) => `Les ${shown} premières lignes`,
      content: (name) => `Contenu de ${name}`,
    },
  },
);

interface Props {
  runId: string;
  file: ArtifactEntry;
}

export function Preview({ runId, file }: Props) {
  const t = useWords(texts);
  const { path } = file;
  return (
    <div className={styles.preview}>
      <div className={styles.head}>
        <h3>
          <bdi>{path}</bdi>
        </h3>
        {/* A link cannot send the header that names the workspace. */}
        {address.workspace === null && (
          <a href={artifactUrl(runId, path)} download>
            {t.download}
          </a>
        )}
      </div>
      <Content key={path} runId={runId} file={file} />
    </div>
  );
}

function Content({ runId, file }: Props) {
  const t = useWords(texts);
  const size = sizeOf(file);
  const [hasFailed, setHasFailed] = useState(false);
  if (previewKind(file.path) !== "picture") {
    return <Text runId={runId} path={file.path} />;
  }
  if (hasFailed || (size ?? 0) > MAX_PICTURE_BYTES) {
    return <Empty>{hasFailed ? t.failed : t.large}</Empty>;
  }
  return (
    <ArtifactImage
      className={styles.picture}
      runId={runId}
      path={file.path}
      alt={file.path}
      onFailure={() => setHasFailed(true)}
    />
  );
}

function Text({ runId, path }: { runId: string; path: string }) {
  const t = useWords(texts);
  const read = useCallback((signal: AbortSignal) => readStart(runId, path, signal), [runId, path]);
  const { data, error, refetch } = useQuery(read);
  if (!data) {
    return error ? <ErrorNote error={error} onRetry={refetch} /> : <Empty>{t.loading}</Empty>;
  }
  if (data.text === "") {
    return <Empty>{t.empty}</Empty>;
  }
  return isBinary(data.text) ? <Empty>{t.binary}</Empty> : <Shown path={path} start={data} />;
}

function Shown({ path, start: { text, isWhole } }: { path: string; start: Start }) {
  const t = useWords(texts);
  const { bytes } = useFormats();
  const table = useMemo(
    () => (previewKind(path) === "table" ? readTable(path, text, isWhole) : null),
    [path, text, isWhole],
  );
  const shown = useMemo(() => readableText(path, text, isWhole), [path, text, isWhole]);
  const name = t.content(fileName(path));
  const isCut = !isWhole || (!table && shown.length < text.length);
  return (
    <>
      {table ? (
        <TableOf table={table} name={name} />
      ) : (
        <pre className={styles.text} role="region" aria-label={name} tabIndex={0} dir="auto">
          {shown}
        </pre>
      )}
      {isCut && <p className={styles.note}>{t.start(bytes(MAX_READ_BYTES))}</p>}
    </>
  );
}

function TableOf({ table, name }: { table: PreviewTable; name: string }) {
  const t = useWords(texts);
  const { whole } = useFormats();
  const { columns, rows, numRows } = table;
  return (
    <>
      <div className={styles.table} role="region" aria-label={name} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th key={index} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {row.map((value, place) => (
                  <td key={place}>{value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles.note}>
        {numRows === null
          ? t.firstRows(whole(rows.length))
          : t.rows(whole(rows.length), whole(numRows))}
      </p>
    </>
  );
}
