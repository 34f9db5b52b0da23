// The colours and signs of a project's status, and the order of its stages.

import type { PipelineStage, ProjectStatus, RunStatus } from "../../../live/schemas";
import type { Appearance } from "../../../live/statusAppearance";

/** In the order in which the pipeline runs them. */
export const STAGES: readonly PipelineStage[] = [
  "data_upload",
  "data_analysis",
  "data_processing",
  "feature_engineering",
  "model_selection",
  "model_training",
  "model_evaluation",
  "model_deployment",
];

export const STATUSES: readonly ProjectStatus[] = [
  "created",
  "analyzing",
  "processing",
  "training",
  "evaluating",
  "deploying",
  "completed",
  "failed",
  "cancelled",
];

const APPEARANCE: Readonly<Record<ProjectStatus, Appearance>> = {
  created: ["info", "…"],
  uploading: ["info", "…"],
  analyzing: ["info", "▶"],
  processing: ["info", "▶"],
  training: ["info", "▶"],
  evaluating: ["info", "▶"],
  deploying: ["info", "▶"],
  completed: ["ok", "✓"],
  failed: ["critical", "✖"],
  cancelled: ["stale", "■"],
};

export function appearanceOfProject(status: ProjectStatus, isAsking: boolean): Appearance {
  return isAsking ? ["warning", "?"] : APPEARANCE[status];
}

export function hasProjectEnded(status: ProjectStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** Where a stage is, seen from the stage and status of its project. */
export type StageState = "done" | "now" | "stopped" | "ahead";

export function stageState(
  stage: PipelineStage,
  current: PipelineStage,
  status: ProjectStatus,
): StageState {
  const [at, now] = [STAGES.indexOf(stage), STAGES.indexOf(current)];
  if (status === "completed" || at < now) {
    return "done";
  }
  if (at > now) {
    return "ahead";
  }
  return hasProjectEnded(status) ? "stopped" : "now";
}

/** The status of the run in the details of a project's progress, which have no fixed fields. */
export function runStatusIn(details: Readonly<Record<string, unknown>> | null): RunStatus | null {
  const status = details?.run_status;
  return typeof status === "string" ? (status as RunStatus) : null;
}
