// Reads the beginning of an artifact, however large it is.

import { asRequestError, refusal } from "../../../../live/rest";
import { address } from "../../live/session";
import { artifactUrl } from "../artifacts";
import { type Start, startOf } from "./start";

export const MAX_READ_BYTES = 512 * 1024;

export async function readStart(runId: string, path: string, signal: AbortSignal): Promise<Start> {
  const headers = new Headers({ Range: `bytes=0-${MAX_READ_BYTES}` });
  if (address.workspace !== null) {
    headers.set("X-MLFLOW-WORKSPACE", address.workspace);
  }
  let response: Response;
  try {
    response = await fetch(artifactUrl(runId, path), { headers, signal });
  } catch (error) {
    throw asRequestError(error);
  }
  if (!response.ok) {
    throw await refusal(response);
  }
  return startOf(response, MAX_READ_BYTES);
}
