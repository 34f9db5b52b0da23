"""Decides the status and the stage of a project, from the run of its pipeline; does no I/O."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.errors import ErrorCode
from api.projects.records import ProjectState
from api.runs.state import RunState
from api.runs.status import DELETED_MESSAGE, shown_status, training_status
from tracking_plugin.names import Metric, PipelineMetric, PipelineStage, RunStatus, Tag


class ProjectStatus(StrEnum):
    CREATED = "created"
    UPLOADING = "uploading"
    ANALYZING = "analyzing"
    PROCESSING = "processing"
    TRAINING = "training"
    EVALUATING = "evaluating"
    DEPLOYING = "deploying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        return self in (ProjectStatus.COMPLETED, ProjectStatus.FAILED, ProjectStatus.CANCELLED)


STAGES = tuple(PipelineStage)

_STATUS_IN: Mapping[PipelineStage, ProjectStatus] = {
    PipelineStage.DATA_UPLOAD: ProjectStatus.ANALYZING,
    PipelineStage.DATA_ANALYSIS: ProjectStatus.ANALYZING,
    PipelineStage.DATA_PROCESSING: ProjectStatus.PROCESSING,
    PipelineStage.FEATURE_ENGINEERING: ProjectStatus.PROCESSING,
    PipelineStage.MODEL_SELECTION: ProjectStatus.TRAINING,
    PipelineStage.MODEL_TRAINING: ProjectStatus.TRAINING,
    PipelineStage.MODEL_EVALUATION: ProjectStatus.EVALUATING,
    PipelineStage.MODEL_DEPLOYMENT: ProjectStatus.DEPLOYING,
}
_ENDS: Mapping[RunStatus, ProjectStatus] = {
    RunStatus.COMPLETED: ProjectStatus.COMPLETED,
    RunStatus.ERROR: ProjectStatus.FAILED,
    RunStatus.STOPPED: ProjectStatus.CANCELLED,
}
_NOT_BEGUN = (RunStatus.IDLE, RunStatus.PENDING)
_EVIDENCE = (Metric.TEMPERATURE, Metric.CALIBRATION_ERROR)
_MESSAGES: Mapping[PipelineStage, str] = {
    PipelineStage.DATA_UPLOAD: "The upload is read",
    PipelineStage.DATA_ANALYSIS: "Columns, groups and leaks are examined",
    PipelineStage.DATA_PROCESSING: "Rows are divided and cleaned",
    PipelineStage.FEATURE_ENGINEERING: "Columns become features",
    PipelineStage.MODEL_SELECTION: "Models are compared",
    PipelineStage.MODEL_TRAINING: "The chosen models are trained",
    PipelineStage.MODEL_EVALUATION: "The model is evaluated on data that it was not trained on",
    PipelineStage.MODEL_DEPLOYMENT: "The model is registered",
}
_MESSAGES_OF_STATUS: Mapping[RunStatus, str] = {
    RunStatus.IDLE: "The pipeline is starting",
    RunStatus.PENDING: "The pipeline is starting",
    RunStatus.STARTING: "The pipeline is starting",
    RunStatus.PAUSING: "The pipeline is pausing",
    RunStatus.PAUSED: "The pipeline is paused",
    RunStatus.RESUMING: "The pipeline is resuming",
    RunStatus.STOPPING: "The pipeline is stopping",
    RunStatus.STOPPED: "The pipeline was cancelled",
    RunStatus.COMPLETED: "The model is ready",
    RunStatus.ERROR: "The pipeline has failed; its log has the reason",
}


@dataclass(frozen=True, kw_only=True)
class PipelinePosition:
    """`percent` is of the whole pipeline; `seconds_left` is None if it is not known."""

    status: ProjectStatus
    stage: PipelineStage
    percent: int
    seconds_left: int | None
    message: str
    run_status: RunStatus | None = None

    @property
    def error_code(self) -> ErrorCode | None:
        """Why the pipeline has failed, as clients distinguish it; None if it has not."""
        if self.status is not ProjectStatus.FAILED:
            return None
        is_deployment = self.stage is PipelineStage.MODEL_DEPLOYMENT
        return ErrorCode.DEPLOYMENT_FAILED if is_deployment else ErrorCode.PIPELINE_FAILED


def position(
    state: ProjectState, run: RunState | None, now_ms: int, *, percent_of_images: float = 0.0
) -> PipelinePosition:
    """Where the project is.

    `run` is None before there is a run, and after it is gone. `percent_of_images` is the finished
    part of a training that logs no stages, 0 to 100.
    """
    if run is None:
        return _without_run(state)
    run_status = shown_status(run)
    stage = stage_of(run, run_status)
    if run.deleted:
        end: ProjectStatus | None = ProjectStatus.CANCELLED
    else:
        end = _ENDS.get(run_status)
    logged = _latest(run, PipelineMetric.PROGRESS_PERCENT)
    percent = percent_of_images if logged is None else logged
    return PipelinePosition(
        status=end or status_in(stage, run_status),
        stage=PipelineStage.MODEL_DEPLOYMENT if end is ProjectStatus.COMPLETED else stage,
        percent=100 if end is ProjectStatus.COMPLETED else _whole_percent(percent),
        seconds_left=None if end else _seconds_left(run, now_ms),
        message=_message(run, run_status, stage),
        run_status=run_status,
    )


def stage_of(run: RunState, run_status: RunStatus) -> PipelineStage:
    """The stage that the run has logged; of a training without stages, that of its status."""
    number = _latest(run, PipelineMetric.STAGE)
    if number is not None:
        return STAGES[int(min(max(number, 0), len(STAGES) - 1))]
    if run_status in (*_NOT_BEGUN, RunStatus.STARTING):
        # A pipeline that starts has logged no stage yet, and would seem to go back to this one.
        return PipelineStage.DATA_ANALYSIS
    return _stage_of_images(run)


def _stage_of_images(run: RunState) -> PipelineStage:
    """The stage of a training by its steps, and by the evidence that it logs of its best model."""
    if run.last_step is None:
        return PipelineStage.DATA_PROCESSING
    if not run.latest.keys().isdisjoint(_EVIDENCE):
        return PipelineStage.MODEL_DEPLOYMENT
    total_steps = (run.total_epochs or 0) * (run.steps_per_epoch or 0)
    is_trained = 0 < total_steps <= run.last_step
    return PipelineStage.MODEL_EVALUATION if is_trained else PipelineStage.MODEL_TRAINING


def status_in(stage: PipelineStage, run_status: RunStatus) -> ProjectStatus:
    """The status of a project whose run has not ended."""
    return ProjectStatus.CREATED if run_status in _NOT_BEGUN else _STATUS_IN[stage]


def _without_run(state: ProjectState) -> PipelinePosition:
    is_waiting = state is ProjectState.WAITING
    message = "A question has to be answered" if is_waiting else "The pipeline is being started"
    status = ProjectStatus.ANALYZING if is_waiting else ProjectStatus.CREATED
    if state is ProjectState.STARTED:
        status, message = ProjectStatus.CANCELLED, "The run of the pipeline is gone from MLflow"
    if state is ProjectState.DELETING:
        status, message = ProjectStatus.CANCELLED, "The project is being deleted"
    return PipelinePosition(
        status=status,
        stage=PipelineStage.DATA_ANALYSIS,
        percent=0,
        seconds_left=None,
        message=message,
    )


def _message(run: RunState, run_status: RunStatus, stage: PipelineStage) -> str:
    if run.deleted:
        return DELETED_MESSAGE
    return run.tags.get(Tag.MESSAGE) or _MESSAGES_OF_STATUS.get(run_status) or _MESSAGES[stage]


def _seconds_left(run: RunState, now_ms: int) -> int | None:
    seconds = _latest(run, PipelineMetric.SECONDS_LEFT)
    if seconds is None:
        seconds = training_status(run, now_ms).eta_seconds
    return None if seconds is None or seconds < 0 else math.ceil(min(seconds, 1e9))


def _whole_percent(percent: float) -> int:
    # 100 is for projects that are complete.
    return int(min(max(percent, 0.0), 99.0))


def _latest(run: RunState, metric: PipelineMetric) -> float | None:
    """The newest value; None if there is none, or if it is no finite number."""
    point = run.latest.get(metric)
    return None if point is None or not math.isfinite(point.value) else point.value
