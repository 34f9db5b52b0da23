"""What is to be told of a job: its run as MLflow has it, its state as the server keeps it."""

from collections.abc import Sequence

from api.control.state import ControlState
from api.jobs.log_lines import LogLine, log_level
from api.jobs.schemas import JobEntry, JobProgress
from api.jobs.spec import JobSpec
from api.jobs.store import Job
from api.runs.metrics_data import finite
from api.runs.schemas import TrainingStatus
from api.runs.state import RunState
from api.runs.status import training_status
from api.timestamps import unix_ms, utc
from tracking_plugin.names import Metric, RunStatus


def job_entry(job: Job, run: RunState, control: ControlState | None) -> JobEntry:
    """The job in a list."""
    now_ms = unix_ms()
    status = training_status(run, now_ms)
    spec = JobSpec.model_validate_json(job.spec)
    return JobEntry(
        id=job.run_id,
        run_id=job.run_id,
        type=job.kind,
        status=status.status,
        message=status.message,
        progress=_share_done(status, run),
        current_epoch=status.epoch,
        current_step=status.step,
        loss=_loss(run),
        data=spec.data,
        config=spec.params,
        output_name=spec.output_name,
        workers=spec.workers,
        attempt=job.attempt,
        silent=control is not None and control.is_silent(now_ms),
        created_at=utc(job.created_ms),
        started_at=None if job.started_ms is None else utc(job.started_ms),
        completed_at=None if run.end_time_ms is None else utc(run.end_time_ms),
    )


def job_progress(job: Job, run: RunState, logs: Sequence[str]) -> JobProgress:
    """How far the job is."""
    status = training_status(run, unix_ms())
    return JobProgress(
        id=job.run_id,
        status=status.status,
        progress=_share_done(status, run),
        current_epoch=status.epoch,
        total_epochs=run.total_epochs,
        current_step=status.step,
        total_steps=_total_steps(run),
        loss=_loss(run),
        current_image=status.current_image,
        eta_seconds=status.eta_seconds,
        recent_logs=log_entries(logs),
    )


def log_entries(lines: Sequence[str]) -> list[LogLine]:
    return [LogLine(level=log_level(line), message=line) for line in lines]


def _share_done(status: TrainingStatus, run: RunState) -> float:
    if status.status is RunStatus.COMPLETED:
        return 1.0
    total = _total_steps(run)
    return 0.0 if not total or not status.step else min(1.0, status.step / total)


def _total_steps(run: RunState) -> int | None:
    if run.total_epochs is None or run.steps_per_epoch is None:
        return None
    return run.total_epochs * run.steps_per_epoch


def _loss(run: RunState) -> float | None:
    point = run.latest.get(Metric.TRAIN_LOSS)
    return None if point is None else finite(point.value).value
