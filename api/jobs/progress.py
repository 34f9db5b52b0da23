"""Jobs as HTTP shows them: made from the job, its run in MLflow and its control state."""

from collections.abc import Sequence

from api.control.state import ControlState
from api.jobs.kinds import stored_kind
from api.jobs.log_lines import LogLine, log_level
from api.jobs.schemas import JobEntry, JobProgress
from api.jobs.store import Job, JobState
from api.runs.metric_values import finite
from api.runs.state import RunState
from api.runs.status import training_status
from api.timestamps import unix_ms, utc
from tracking_plugin.mlflow_status import ACTIVE_STATUSES
from tracking_plugin.names import Metric, RunStatus


def job_entry(
    job: Job, run: RunState, control: ControlState | None, position: int | None = None
) -> JobEntry:
    """The job as one entry of a list; `position` is its place in its queue, if it waits."""
    now_ms = unix_ms()
    kind = stored_kind(job)
    facts = kind.facts(job.params)
    status = training_status(run, now_ms)
    is_active = run.mlflow_status in ACTIVE_STATUSES
    return JobEntry(
        id=job.run_id,
        run_id=job.run_id,
        kind=kind.name,
        type=facts.type,
        status=status.status,
        message=status.message or _waiting(position),
        progress=kind.progress(run),
        current_epoch=status.epoch,
        current_step=status.step,
        loss=_loss(run),
        data=facts.data,
        config=facts.config,
        output_name=facts.output_name,
        workers=facts.workers,
        attempt=job.attempt,
        silent=control is not None and control.is_silent(now_ms),
        priority=job.priority,
        queue_position=position,
        interruption=job.interruption,
        can_resume=can_resume(job, status.status),
        queued_at=None if job.queued_ms is None else utc(job.queued_ms),
        created_at=utc(job.created_ms),
        started_at=None if job.started_ms is None else utc(job.started_ms),
        # A run that goes on after its end keeps the time of that end in MLflow.
        completed_at=None if run.end_time_ms is None or is_active else utc(run.end_time_ms),
    )


def can_resume(job: Job, status: RunStatus) -> bool:
    """Whether the job has ended without finishing, and is of a kind that can go on."""
    return (
        job.state is JobState.ENDED
        and job.attempt > 0
        and stored_kind(job).can_resume
        and status in (RunStatus.ERROR, RunStatus.STOPPED)
    )


def _waiting(position: int | None) -> str:
    return "" if position is None else f"Waits in the queue at place {position}"


def job_progress(job: Job, run: RunState, logs: Sequence[str]) -> JobProgress:
    """The job's progress, with the newest lines of its log."""
    kind = stored_kind(job)
    status = training_status(run, unix_ms())
    return JobProgress(
        id=job.run_id,
        status=status.status,
        progress=kind.progress(run),
        current_epoch=status.epoch,
        total_epochs=run.total_epochs,
        current_step=status.step,
        total_steps=kind.total_steps(run),
        loss=_loss(run),
        current_image=status.current_image,
        eta_seconds=status.eta_seconds,
        recent_logs=log_entries(logs),
    )


def log_entries(lines: Sequence[str]) -> list[LogLine]:
    return [LogLine(level=log_level(line), message=line) for line in lines]


def _loss(run: RunState) -> float | None:
    point = run.latest.get(Metric.TRAIN_LOSS)
    return None if point is None else finite(point.value).value
