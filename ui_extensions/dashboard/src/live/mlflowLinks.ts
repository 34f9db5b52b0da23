// URLs of MLflow's own pages.

import { address } from "./session";

function page(hash: string): string {
  const workspace = address.workspace;
  const query = workspace
    ? `${hash.includes("?") ? "&" : "?"}workspace=${encodeURIComponent(workspace)}`
    : "";
  return `${address.root.href}#${hash}${query}`;
}

function runPath(experimentId: string, runId: string): string {
  return `/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`;
}

export function mlflowRunUrl(experimentId: string, runId: string): string {
  return page(runPath(experimentId, runId));
}

/** Where MLflow shows one artifact of a run. */
export function mlflowArtifactUrl(experimentId: string, runId: string, path: string): string {
  return page(
    `${runPath(experimentId, runId)}/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`,
  );
}

export function mlflowExperimentUrl(experimentId: string): string {
  return page(`/experiments/${encodeURIComponent(experimentId)}`);
}

export function mlflowComparisonUrl(
  runs: ReadonlyArray<{ run_id: string; experiment_id: string }>,
): string {
  const ids = JSON.stringify(runs.map((run) => run.run_id));
  const experiments = JSON.stringify([...new Set(runs.map((run) => run.experiment_id))]);
  return page(
    `/compare-runs?runs=${encodeURIComponent(ids)}&experiments=${encodeURIComponent(experiments)}`,
  );
}
