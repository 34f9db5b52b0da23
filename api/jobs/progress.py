"""Jobs as HTTP shows them: made from the job, its run in MLflow and its control state."""

from collections.abc import Sequence

from api.control.state import ControlState
from api.jobs.kinds import stored_kind
from api.jobs.log_lines import LogLine, log_level
from api.jobs.schemas import JobEntry, JobProgress
from api.jobs.store import Job
from api.runs.metric_values import finite
from api.runs.state import RunState
from api.runs.status import training_status
from api.timestamps import unix_ms, utc
from tracking_plugin.names import Metric


def job_entry(job: Job, run: RunState, control: ControlState | None) -> JobEntry:
    """The job as one entry of a list."""
    now_ms = unix_ms()
    kind = stored_kind(job)
    facts = kind.facts(job.params)
    status = training_status(run, now_ms)
    return JobEntry(
        id=job.run_id,
        run_id=job.run_id,
        kind=kind.name,
        type=facts.type,
        status=status.status,
        message=status.message,
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
        created_at=utc(job.created_ms),
        started_at=None if job.started_ms is None else utc(job.started_ms),
        completed_at=None if run.end_time_ms is None else utc(run.end_time_ms),
    )


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
