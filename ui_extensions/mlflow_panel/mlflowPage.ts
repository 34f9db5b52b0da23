// Which run or list of runs a page of MLflow shows, parsed from its URL.

export type MlflowPage =
  | { page: "run"; runId: string; workspace: string | null }
  | { page: "runs"; experimentId: string | null; workspace: string | null }
  | { page: "other" };

const OTHER: MlflowPage = { page: "other" };
const RUN = /^\/experiments\/\w+\/(?:evaluation-)?runs\/([\w-]{1,64})(?:\/|$)/;
const EXPERIMENT = /^\/experiments\/(\w{1,64})(?:\/|$)/;
const EXPERIMENTS = /^\/compare-experiments(?:\/|$)/;

/** `hash` is the URL's hash, in which MLflow keeps its paths. */
export function mlflowPageOf(hash: string): MlflowPage {
  const [, path = "", query = ""] = /^#?([^?]*)(.*)$/s.exec(hash) ?? [];
  const workspace = new URLSearchParams(query).get("workspace") || null;
  const [, runId] = RUN.exec(path) ?? [];
  if (runId) {
    return { page: "run", runId, workspace };
  }
  const [, experimentId = null] = EXPERIMENT.exec(path) ?? [];
  if (experimentId !== null || EXPERIMENTS.test(path)) {
    return { page: "runs", experimentId, workspace };
  }
  return OTHER;
}

export function isSamePage(a: MlflowPage, b: MlflowPage): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
