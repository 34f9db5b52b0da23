// URLs of MLflow's own pages.
//
// MLflow shows a new user its pages for language models, on which a training has no data. The parameter
// `workflowType`, which it reads from the query in the hash, chooses those for trainings.

import type { ServerAddress } from "../../../live/address";
import { address } from "./session";

/** A page of MLflow; `path` is the path in its hash. */
export function mlflowPage(
  { root, workspace }: ServerAddress,
  path: string,
  query: Record<string, string> = {},
): string {
  const all = new URLSearchParams({ ...query, workflowType: "machine_learning" });
  if (workspace !== null) {
    all.set("workspace", workspace);
  }
  return `${root.href}#${path}?${all}`;
}

/** MLflow's list of experiments. */
export function mlflowHomeUrl(): string {
  return mlflowPage(address, "/experiments");
}

function runPath(experimentId: string, runId: string): string {
  return `/experiments/${encodeURIComponent(experimentId)}/runs/${encodeURIComponent(runId)}`;
}

export function mlflowRunUrl(experimentId: string, runId: string): string {
  return mlflowPage(address, runPath(experimentId, runId));
}

/** Where MLflow shows one artifact of a run. */
export function mlflowArtifactUrl(experimentId: string, runId: string, path: string): string {
  const parts = path.split("/").map(encodeURIComponent).join("/");
  return mlflowPage(address, `${runPath(experimentId, runId)}/artifacts/${parts}`);
}

/** The list of an experiment's runs. */
export function mlflowExperimentUrl(experimentId: string): string {
  return mlflowPage(address, `/experiments/${encodeURIComponent(experimentId)}/runs`);
}

export function mlflowComparisonUrl(
  runs: ReadonlyArray<{ run_id: string; experiment_id: string }>,
): string {
  return mlflowPage(address, "/compare-runs", {
    runs: JSON.stringify(runs.map((run) => run.run_id)),
    experiments: JSON.stringify([...new Set(runs.map((run) => run.experiment_id))]),
  });
}
