// What a page of MLflow's is about, read from its address.

export type MlflowPage =
  | { page: "run"; runId: string; workspace: string | null }
  | { page: "runs"; experimentId: string | null; workspace: string | null }
  | { page: "other" };

const ELSEWHERE: MlflowPage = { page: "other" };
const RUN = /^\/experiments\/\w+\/(?:evaluation-)?runs\/([\w-]{1,64})(?:\/|$)/;
const EXPERIMENT = /^\/experiments\/(\w{1,64})(?:\/|$)/;
const EXPERIMENTS = /^\/compare-experiments(?:\/|$)/;

/** `hash` is a page's behind its `#`, which MLflow keeps its paths in. */
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
  return ELSEWHERE;
}

export function isSamePage(a: MlflowPage, b: MlflowPage): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
