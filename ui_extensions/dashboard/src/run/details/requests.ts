// Requests to MLflow for what it stores of a run, and for its note.

import { RequestError } from "../../../../live/rest";
import { rest } from "../../live/session";
import { NOTE_TAG, type RunAnswer, type StoredRun, storedRun } from "./storedRun";

export async function readStoredRun(runId: string, signal?: AbortSignal): Promise<StoredRun> {
  const query = { run_id: runId };
  return storedRun(await rest.get<RunAnswer>("ajax-api/2.0/mlflow/runs/get", query, signal));
}

/** Code of the error of a note that another page has changed since it was read. */
export const NOTE_CHANGED = "NOTE_CHANGED";

/** Stores `note` if the stored one is still `before`. */
export async function storeNote(runId: string, before: string, note: string): Promise<string> {
  const { note: stored } = await readStoredRun(runId);
  if (stored !== before) {
    throw new RequestError(409, NOTE_CHANGED, stored);
  }
  const tag = { run_id: runId, key: NOTE_TAG, value: note };
  await rest.post("ajax-api/2.0/mlflow/runs/set-tag", {}, tag);
  return note;
}
