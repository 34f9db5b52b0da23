"""The request and response bodies of the routes about projects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.errors import ErrorCode
from api.projects.inspection import GroupChoice, Question, TargetFound
from api.projects.records import ANSWER_CHARS, COLUMN_CHARS, ProjectSettings
from api.projects.stages import ProjectStatus
from tracking_plugin.names import PipelineStage, RunStatus


class ProjectResponse(BaseModel):
    """A new project."""

    project_id: str
    project_name: str
    status: ProjectStatus
    created_at: datetime
    dataset_info: Mapping[str, Any] = Field(
        description="what the upload is: file_type, num_rows, num_columns, columns, profile, target"
    )
    message: str = "Project created successfully"
    question: Question | None = Field(
        None, description="to be answered with POST /{project_id}/answer before the pipeline starts"
    )


class ScoreEntry(BaseModel):
    """A score with its 95 % interval."""

    metric: str
    value: float
    interval: tuple[float, float] | None = None


class ProjectSummary(BaseModel):
    project_id: str
    project_name: str
    status: ProjectStatus
    created_at: datetime
    updated_at: datetime
    dataset_name: str
    problem_description: str
    current_stage: PipelineStage
    progress_percentage: int = Field(0, ge=0, le=100)
    question: Question | None = None
    run_id: str | None = None
    holdout_score: ScoreEntry | None = Field(None, description="of a finished project of a table")


class GalaxyRun(BaseModel):
    """A run of a project's experiment."""

    run_id: str
    run_name: str
    status: RunStatus
    is_candidate: bool = Field(description="whether it is one of the models that were compared")
    selection_loss: float | None = Field(None, description="of a candidate; less is better")
    holdout_score: ScoreEntry | None = Field(None, description="of the present pipeline")


class GalaxyProject(BaseModel):
    """A project with its best runs: pipelines, newest first, then candidates, the best first."""

    project_id: str
    project_name: str
    status: ProjectStatus
    current_stage: PipelineStage
    progress_percentage: int = Field(ge=0, le=100)
    created_at: datetime
    num_samples: int | None = Field(None, description="rows of the upload")
    has_question: bool
    run_id: str | None = None
    holdout_score: ScoreEntry | None = None
    num_runs: int = Field(description="of all its runs; `runs` has at most 24 of them")
    runs: list[GalaxyRun] = []


class AnswerEntry(BaseModel):
    id: str
    answer: str
    who: str
    answered_at: datetime


class OverrideEntry(BaseModel):
    """A flagged column that is trained on nevertheless."""

    column: str
    reason: str
    who: str
    at: datetime


class LeakEntry(BaseModel):
    """A column that gives the target away, with the score of a model with and without it."""

    column: str
    reason: str = ""
    score_with: float | None = None
    score_without: float | None = None
    left_out: bool = True


class ProjectDetail(BaseModel):
    project_id: str
    project_name: str
    status: ProjectStatus
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None

    dataset_id: str = Field(description="SHA-256 of the upload")
    dataset_name: str
    dataset_type: str
    num_samples: int
    num_features: int | None = None

    problem_description: str
    problem_type: str | None = None
    selected_models: list[str] | None = None

    best_model_id: str | None = Field(None, description="name and version in the model registry")
    metrics: Mapping[str, float] | None = None
    evaluation_report: Mapping[str, Any] | None = None

    endpoint_id: str | None = None
    prediction_endpoint: str | None = Field(
        None, description="for images the service's, which has to serve this model"
    )

    artifact_paths: Mapping[str, str] = {}

    message: str
    error_code: ErrorCode | None = Field(None, description="of a pipeline that has failed")
    current_stage: PipelineStage
    progress_percentage: int = Field(ge=0, le=100)
    run_status: RunStatus | None = None
    run_id: str | None = Field(None, description="MLflow run of the pipeline; also its job's id")
    experiment_id: str
    target: TargetFound | None = None
    group: GroupChoice | None = None
    columns: list[Mapping[str, Any]] = []
    profile: Mapping[str, Any] = {}
    notes: list[str] = []
    question: Question | None = None
    offers: list[Question] = Field(
        [], description="questions that need no answer; an answer starts the pipeline again"
    )
    answers: list[AnswerEntry] = []
    overrides: list[OverrideEntry] = []
    settings: ProjectSettings
    leaks: list[LeakEntry] = []
    selection_score: ScoreEntry | None = None
    holdout_score: ScoreEntry | None = None
    ranked: list[Mapping[str, Any]] = Field([], description="undecided rows, at most the first 100")
    num_ranked: int = 0


class ProjectProgress(BaseModel):
    project_id: str
    status: ProjectStatus
    current_stage: PipelineStage
    progress_percentage: int = Field(ge=0, le=100)
    message: str
    stage_details: Mapping[str, Any] | None = None
    estimated_time_remaining: int | None = Field(None, description="seconds")
    error_code: ErrorCode | None = Field(None, description="of a pipeline that has failed")
    question: Question | None = None
    run_id: str | None = None


class AnswerRequest(BaseModel):
    """The answer to a question: one of its options; for the target, the name of any column."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=COLUMN_CHARS + 64)
    answer: str = Field(max_length=ANSWER_CHARS)


class OverrideRequest(BaseModel):
    """Train on a column although it was flagged."""

    model_config = ConfigDict(extra="forbid")

    column: str = Field(min_length=1, max_length=COLUMN_CHARS)
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S")
    who: str = Field(min_length=1, max_length=250, pattern=r"\S")


class DeletedObjects(BaseModel):
    """What was deleted with a project."""

    upload_bytes: int
    num_runs: int
    num_models: int = Field(description="versions in the model registry")


class ProjectDeleted(BaseModel):
    project_id: str
    status: str = "deleted"
    message: str
    deleted: DeletedObjects
