// The evaluation reports among a run's artifacts, and the evaluation jobs of a run.

import { isRetryable } from "../../../../live/rest";
import { hasEnded } from "../../../../live/runStatus";
import type { JobEntry, RunStatus, TrainingStatus } from "../../../../live/schemas";
import { rest } from "../../live/session";
import { listArtifacts } from "../artifacts";
import { fileName } from "../loggedImages";
import { parseScores, type Scores } from "./scores";

const FOLDER = "evaluation";
const CHECKPOINTS = "checkpoints";
const PAGE = "clinical_report.html";
const SCORES = "scores.json";
const MAX_REPORTS = 20;
const MAX_JOBS = 200;

export interface Report {
  /** Split, modality and augmentation, as in `test_fundus_tta`. */
  variant: string;
  /** Artifact path of the report, a page of HTML. */
  page: string;
  /** Null if the run has no readable scores.json. */
  scores: Scores | null;
}

export interface RunReports {
  reports: readonly Report[];
  /** Only a run that Fovea has trained has checkpoints to evaluate. */
  hasCheckpoints: boolean;
}

export async function loadReports(runId: string, signal: AbortSignal): Promise<RunReports> {
  const root = await listArtifacts(runId, "", signal);
  const has = (folder: string): boolean =>
    root.some(({ path, is_dir: isFolder }) => isFolder && path === folder);
  const variants = has(FOLDER) ? await listArtifacts(runId, FOLDER, signal) : [];
  const folders = variants.filter(({ is_dir: isFolder }) => isFolder).slice(0, MAX_REPORTS);
  const reports = await Promise.all(folders.map(({ path }) => loadReport(runId, path, signal)));
  return {
    reports: reports.filter((report) => report !== null),
    hasCheckpoints: has(CHECKPOINTS),
  };
}

async function loadReport(
  runId: string,
  folder: string,
  signal: AbortSignal,
): Promise<Report | null> {
  const paths = (await listArtifacts(runId, folder, signal)).map(({ path }) => path);
  const page = `${folder}/${PAGE}`;
  if (!paths.includes(page)) {
    return null;
  }
  const scores = paths.includes(`${folder}/${SCORES}`)
    ? await loadScores(runId, `${folder}/${SCORES}`, signal)
    : null;
  return { variant: fileName(folder), page, scores };
}

async function loadScores(
  runId: string,
  path: string,
  signal: AbortSignal,
): Promise<Scores | null> {
  try {
    const query = { path, run_uuid: runId };
    return parseScores(await rest.get<unknown>("get-artifact", query, signal));
  } catch (error) {
    if (signal.aborted || isRetryable(error)) {
      throw error;
    }
    // The report itself can still be opened.
    return null;
  }
}

/** The evaluation jobs of the run, newest first. */
export async function loadEvaluationJobs(runId: string, signal: AbortSignal): Promise<JobEntry[]> {
  const query = { kind: "evaluate", limit: MAX_JOBS };
  const { entries } = await rest.list<JobEntry>("api/jobs", query, signal);
  return entries.filter(({ config }) => config.run_id === runId);
}

/** The jobs that still run, and the newest one if it has failed: older failures are history. */
export function shownJobs(jobs: readonly JobEntry[]): JobEntry[] {
  return jobs.filter(
    ({ status }, index) => !hasEnded(status) || (index === 0 && status === "error"),
  );
}

const EVALUABLE: ReadonlySet<RunStatus> = new Set(["completed", "stopped"]);

export function canBeEvaluated(
  { status, deleted }: Pick<TrainingStatus, "status" | "deleted">,
  hasCheckpoints: boolean,
): boolean {
  return hasCheckpoints && !deleted && EVALUABLE.has(status);
}
