// Reads a JSON artifact of a run, unless it is not there or too large.

import { RequestError } from "../../../live/rest";
import { rest } from "../live/session";
import { artifactQuery, listArtifacts } from "./artifacts";
import { folder } from "./loggedImages";

const MAX_BYTES = 16 * 1024 * 1024;

/** Undefined if the run has no such artifact. Rejects with a RequestError if it cannot be read. */
export async function readDocument(
  runId: string,
  path: string,
  signal: AbortSignal,
): Promise<unknown> {
  const listed = await listArtifacts(runId, folder(path), signal);
  const entry = listed.find((each) => each.path === path && !each.is_dir);
  if (!entry) {
    return undefined;
  }
  if (Number(entry.file_size ?? 0) > MAX_BYTES) {
    throw new RequestError(413, "TOO_LARGE", `${path} is larger than 16 MiB: download it instead.`);
  }
  try {
    return await rest.get<unknown>("get-artifact", artifactQuery(runId, path), signal);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RequestError(422, "NOT_JSON", `${path} is not JSON.`);
    }
    throw error;
  }
}
