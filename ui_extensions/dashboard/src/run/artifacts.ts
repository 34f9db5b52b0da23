// Lists a run's artifacts through MLflow's own routes.

import { address, rest } from "../live/session";
import { type ArtifactEntry, isImage } from "./loggedImages";

/** Folders searched for images, besides the root. */
const FOLDERS = ["images", "samples"];
const MAX_SUBFOLDERS = 12;

interface Listed {
  files?: ArtifactEntry[];
}

export async function listArtifacts(
  runId: string,
  path: string,
  signal?: AbortSignal,
): Promise<ArtifactEntry[]> {
  const query = { run_id: runId, path };
  const { files } = await rest.get<Listed>("ajax-api/2.0/mlflow/artifacts/list", query, signal);
  return files ?? [];
}

export interface FoundImages {
  paths: string[];
  /** The folders of the run's root. */
  folders: string[];
  /** Number of folders below `samples/` that were not searched. */
  numLeftOut: number;
}

/** The image files in the run's root, `images/`, `samples/` and the folders right below `samples/`. */
export async function listImages(runId: string, signal: AbortSignal): Promise<FoundImages> {
  const root = await listArtifacts(runId, "", signal);
  const folders = folderPaths(root);
  const inside = FOLDERS.filter((folder) => folders.includes(folder));
  const listed = await Promise.all(inside.map((each) => listArtifacts(runId, each, signal)));
  const below = listed.flatMap(folderPaths).filter((path) => path.startsWith("samples/"));
  const deeper = await Promise.all(
    below.slice(0, MAX_SUBFOLDERS).map((each) => listArtifacts(runId, each, signal)),
  );
  const paths = [root, ...listed, ...deeper].flatMap((entries) =>
    entries.flatMap(({ path, is_dir }) => (!is_dir && isImage(path) ? [path] : [])),
  );
  return { paths, folders, numLeftOut: Math.max(0, below.length - MAX_SUBFOLDERS) };
}

function folderPaths(entries: readonly ArtifactEntry[]): string[] {
  return entries.flatMap(({ path, is_dir }) => (is_dir ? [path] : []));
}

export function artifactQuery(runId: string, path: string): { path: string; run_uuid: string } {
  return { path, run_uuid: runId };
}

/** `version` tells apart contents that the path had one after the other, which browsers may mix up. */
export function artifactUrl(runId: string, path: string, version = 0): string {
  const query = artifactQuery(runId, path);
  return address.http("get-artifact", version > 0 ? { ...query, version } : query).href;
}
