// Projects for tests of the galaxy.

import type { GalaxyProject, GalaxyRun, ProjectProgress } from "../../../live/schemas";

export function projectOf(id: string, fields: Partial<GalaxyProject> = {}): GalaxyProject {
  return {
    project_id: id,
    project_name: id,
    status: "completed",
    current_stage: "model_deployment",
    progress_percentage: 100,
    created_at: "2026-06-13T08:21:40Z",
    num_samples: 1_000,
    has_question: false,
    run_id: `run of ${id}`,
    holdout_score: null,
    num_runs: 0,
    runs: [],
    ...fields,
  };
}

export function runOf(id: string, fields: Partial<GalaxyRun> = {}): GalaxyRun {
  return {
    run_id: id,
    run_name: id,
    status: "completed",
    is_candidate: true,
    selection_loss: null,
    holdout_score: null,
    ...fields,
  };
}

export function progressOf(id: string, fields: Partial<ProjectProgress> = {}): ProjectProgress {
  return {
    project_id: id,
    status: "training",
    current_stage: "model_training",
    progress_percentage: 60,
    message: "",
    stage_details: null,
    estimated_time_remaining: null,
    error_code: null,
    question: null,
    run_id: `run of ${id}`,
    ...fields,
  };
}
