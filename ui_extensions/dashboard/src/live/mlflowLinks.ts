// Addresses of MLflow's own pages.

import { address } from "./session";

function page(hash: string): string {
  const workspace = address.workspace;
  const query = workspace
    ? `${hash.includes("?") ? "&" : "?"}workspace=${encodeURIComponent(workspace)}`
    : "";
  return `${address.root.href}#${hash}${query}`;
}

export function mlflowRunUrl(experimentId: string, runId: string): string {
  return page(`/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`);
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
