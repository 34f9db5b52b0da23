"""Projects as HTTP shows them: made from the project, its run in MLflow and what the run has recorded."""

import math
from datetime import datetime

from api.projects.inspection import Question
from api.projects.records import Project, ProjectKind, ProjectState
from api.projects.results import PipelineResults
from api.projects.schemas import (
    AnswerEntry,
    OverrideEntry,
    ProjectDetail,
    ProjectProgress,
    ProjectResponse,
    ProjectSummary,
    ScoreEntry,
)
from api.projects.stages import PipelinePosition, ProjectStatus
from api.runs.state import RunState
from api.timestamps import utc
from tracking_plugin.names import SYSTEM_METRIC_PREFIX

MAX_METRICS = 200
_PIPELINE = "pipeline/"
_DIAGNOSE = "/api/v1/dicom/diagnose"
"""For images, once the diagnosis service serves the model."""


def created_response(project: Project, position: PipelinePosition) -> ProjectResponse:
    found = project.inspection
    return ProjectResponse(
        project_id=project.project_id,
        project_name=project.name,
        status=position.status,
        created_at=utc(project.created_ms),
        dataset_info={
            "dataset_id": project.dataset_digest,
            "dataset_name": project.dataset_name,
            "size_bytes": project.size_bytes,
            **found.model_dump(exclude={"question", "offers"}),
        },
        question=found.question,
    )


def summary(
    project: Project, position: PipelinePosition, run: RunState | None, score: ScoreEntry | None
) -> ProjectSummary:
    return ProjectSummary(
        project_id=project.project_id,
        project_name=project.name,
        status=position.status,
        created_at=utc(project.created_ms),
        updated_at=_updated_at(project, run),
        dataset_name=project.dataset_name,
        problem_description=project.description,
        current_stage=position.stage,
        progress_percentage=position.percent,
        question=_question(project),
        run_id=project.run_id,
        holdout_score=score,
    )


def progress(project: Project, position: PipelinePosition) -> ProjectProgress:
    return ProjectProgress(
        project_id=project.project_id,
        status=position.status,
        current_stage=position.stage,
        progress_percentage=position.percent,
        message=position.message,
        stage_details={
            "run_status": position.run_status,
            "run_id": project.run_id,
            "num_samples": project.inspection.num_rows,
        },
        estimated_time_remaining=position.seconds_left,
        error_code=position.error_code,
        question=_question(project),
        run_id=project.run_id,
    )


def detail(
    project: Project,
    position: PipelinePosition,
    run: RunState | None,
    results: PipelineResults,
    deployed_version: str | None,
) -> ProjectDetail:
    found = project.inspection
    deployed = None if deployed_version is None else f"{project.model_name}/{deployed_version}"
    is_of_images = project.kind is ProjectKind.IMAGES
    path = _DIAGNOSE if is_of_images else f"/api/v1/projects/{project.project_id}/predict"
    return ProjectDetail(
        project_id=project.project_id,
        project_name=project.name,
        status=position.status,
        created_at=utc(project.created_ms),
        updated_at=_updated_at(project, run),
        completed_at=_completed_at(position, run),
        dataset_id=project.dataset_digest,
        dataset_name=project.dataset_name,
        dataset_type=found.file_type,
        num_samples=found.num_rows or 0,
        num_features=None if found.num_columns is None else max(0, found.num_columns - 1),
        problem_description=project.description,
        problem_type=None if found.target is None else found.target.problem_type,
        selected_models=results.selected_models,
        best_model_id=deployed,
        metrics=_metrics(run),
        evaluation_report=results.evaluation,
        endpoint_id=deployed,
        prediction_endpoint=None if deployed is None else path,
        artifact_paths=results.artifact_paths,
        message=position.message,
        error_code=position.error_code,
        current_stage=position.stage,
        progress_percentage=position.percent,
        run_status=position.run_status,
        run_id=project.run_id,
        experiment_id=project.experiment_id,
        target=found.target,
        group=found.group,
        columns=found.columns,
        profile=found.profile,
        notes=found.notes,
        question=_question(project),
        offers=found.offers,
        answers=[
            AnswerEntry(id=it.id, answer=it.answer, who=it.who, answered_at=utc(it.at_ms))
            for it in project.answers
        ],
        overrides=[
            OverrideEntry(column=it.column, reason=it.why, who=it.who, at=utc(it.at_ms))
            for it in project.overrides
        ],
        settings=project.settings,
        leaks=results.leaks,
        selection_score=results.selection_score,
        holdout_score=results.holdout_score,
        ranked=results.ranked,
        num_ranked=results.num_ranked,
    )


def _question(project: Project) -> Question | None:
    return project.inspection.question if project.state is ProjectState.WAITING else None


def _updated_at(project: Project, run: RunState | None) -> datetime:
    return utc(max(project.updated_ms, 0 if run is None else run.changed_ms))


def _completed_at(position: PipelinePosition, run: RunState | None) -> datetime | None:
    is_complete = position.status is ProjectStatus.COMPLETED
    return utc(run.end_time_ms) if is_complete and run is not None and run.end_time_ms else None


def _metrics(run: RunState | None) -> dict[str, float] | None:
    """Of the pipeline's run, without those of the machine and of the progress."""
    if run is None:
        return None
    shown = {
        name: point.value
        for name, point in sorted(run.latest.items())
        if not name.startswith((SYSTEM_METRIC_PREFIX, _PIPELINE)) and math.isfinite(point.value)
    }
    return dict(list(shown.items())[:MAX_METRICS]) or None
