// The columns of the deployed model, from the run that made it.

import { useCallback, useMemo } from "react";
import type { ProjectDetail } from "../../../../live/schemas";
import { rest } from "../../live/session";
import { useQuery } from "../../ui/useQuery";
import { inputsOf, type ModelInput, modelVersion } from "./inputs";

interface FoundVersion {
  model_version?: { run_id?: string };
}

const ARTIFACT = "project/deployment.json";

export interface ModelInputs {
  inputs: readonly ModelInput[] | undefined;
}

export function useModelInputs(detail: ProjectDetail): ModelInputs {
  const id = detail.best_model_id ?? "";
  const read = useCallback((signal: AbortSignal) => readDeployment(id, signal), [id]);
  const { data, error } = useQuery(read);
  const isDone = data !== undefined || error !== undefined;
  const inputs = useMemo(
    () => (isDone ? inputsOf(detail, data) : undefined),
    [isDone, detail, data],
  );
  return { inputs };
}

/** What the pipeline of the version has written; an earlier run than the newest may have made it. */
async function readDeployment(id: string, signal: AbortSignal): Promise<unknown> {
  const path = "ajax-api/2.0/mlflow/model-versions/get";
  const found = await rest.get<FoundVersion>(path, modelVersion(id), signal);
  const runId = found.model_version?.run_id;
  return runId
    ? rest.get<unknown>("get-artifact", { path: ARTIFACT, run_uuid: runId }, signal)
    : null;
}
