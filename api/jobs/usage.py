"""Figures about runs and training jobs, for the monitoring page."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field, ValidationError

from api.jobs.kinds import TRAINING
from api.jobs.store import Job, JobStore
from api.jobs.training_kind import TrainingParams
from api.pages import Page
from api.runs.reader import RunReader
from api.runs.source import FoundRun, RunQuery
from api.runs.status import effective_status
from api.timestamps import utc
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import RunStatus

NUM_RECENT = 10
NUM_TIMED = 100
"""How many of the newest finished runs the mean duration covers."""
NUM_PRESETS = 5


@dataclass(frozen=True, kw_only=True)
class InputCounts:
    """How many data sets and base models people have registered."""

    num_datasets: int
    num_base_models: int


class JobFigures(BaseModel):
    """Counts of all runs on the server, including those that it did not start."""

    total_jobs: int
    jobs_completed: int
    jobs_failed: int
    jobs_stopped: int
    jobs_running: int
    jobs_pending: int
    avg_duration_seconds: float | None = Field(
        description=f"from the start of a run to its end, mean of the newest {NUM_TIMED} completed"
    )


class UsageFigures(BaseModel):
    total_training_jobs: int = Field(description="started by this server")
    total_runs: int
    total_datasets: int = Field(description="registered with POST /api/datasets")
    total_base_models: int = Field(description="registered with POST /api/models")
    avg_wait_seconds: float | None = Field(
        description="from the time at which a training was to start until it was given to Ray, mean "
        f"of those of the newest {NUM_TIMED} that have been"
    )


class Activity(BaseModel):
    type: str
    run_id: str
    name: str
    status: RunStatus
    time: datetime | None = Field(description="when the run began")


class PopularPreset(BaseModel):
    recipe: str
    preset: str = Field(description="of the job's parameters, else their method, else auto")
    count: int = Field(description=f"among the newest {NUM_TIMED} trainings")


class Dashboard(BaseModel):
    system: JobFigures
    usage: UsageFigures
    recent_activity: list[Activity]
    popular_presets: list[PopularPreset]


def job_figures(reader: RunReader) -> JobFigures:
    """Counted by MLflow's own status."""
    counts = {
        status: reader.find_runs(RunQuery(status=status), Page(limit=1)).total
        for status in MlflowStatus
    }
    finished = reader.find_runs(RunQuery(status=MlflowStatus.FINISHED), Page(limit=NUM_TIMED))
    return JobFigures(
        total_jobs=sum(counts.values()),
        jobs_completed=counts[MlflowStatus.FINISHED],
        jobs_failed=counts[MlflowStatus.FAILED],
        jobs_stopped=counts[MlflowStatus.KILLED],
        jobs_running=counts[MlflowStatus.RUNNING],
        jobs_pending=counts[MlflowStatus.SCHEDULED],
        avg_duration_seconds=_mean_duration_s(finished.entries),
    )


def usage(
    reader: RunReader, jobs: JobStore, workspace: str | None, inputs: InputCounts
) -> UsageFigures:
    trainings = jobs.listed(workspace, Page(limit=NUM_TIMED), TRAINING.name)
    return UsageFigures(
        total_training_jobs=trainings.total,
        total_runs=reader.find_runs(RunQuery(), Page(limit=1)).total,
        total_datasets=inputs.num_datasets,
        total_base_models=inputs.num_base_models,
        avg_wait_seconds=_mean_s(
            job.started_ms - job.queued_ms
            for job in trainings.entries
            if job.started_ms is not None
            and job.queued_ms is not None
            # One that waits again, after a pause or a resume, has been started before.
            and job.started_ms >= job.queued_ms
        ),
    )


def dashboard(
    reader: RunReader, jobs: JobStore, workspace: str | None, inputs: InputCounts
) -> Dashboard:
    newest = reader.find_runs(RunQuery(), Page(limit=NUM_RECENT)).entries
    return Dashboard(
        system=job_figures(reader),
        usage=usage(reader, jobs, workspace, inputs),
        recent_activity=[_activity(run) for run in newest],
        popular_presets=_popular_presets(jobs, workspace),
    )


def _mean_duration_s(runs: list[FoundRun]) -> float | None:
    return _mean_s(
        run.state.end_time_ms - run.state.start_time_ms
        for run in runs
        if run.state.end_time_ms is not None
        and run.state.start_time_ms is not None
        # Clients write both times, by clocks that may differ.
        and run.state.end_time_ms >= run.state.start_time_ms
    )


def _mean_s(durations_ms: Iterable[int]) -> float | None:
    known = [*durations_ms]
    return sum(known) / len(known) / 1000 if known else None


def _activity(run: FoundRun) -> Activity:
    state = run.state
    return Activity(
        type=run.experiment_name,
        run_id=state.run_id,
        name=state.run_name,
        status=effective_status(state.mlflow_status, state.tags),
        time=None if state.start_time_ms is None else utc(state.start_time_ms),
    )


def _popular_presets(jobs: JobStore, workspace: str | None) -> list[PopularPreset]:
    newest = jobs.listed(workspace, Page(limit=NUM_TIMED), TRAINING.name).entries
    trainings = [known for job in newest if (known := _params(job)) is not None]
    counts = Counter((each.recipe, _preset(each.params)) for each in trainings)
    return [
        PopularPreset(recipe=recipe, preset=preset, count=count)
        for (recipe, preset), count in counts.most_common(NUM_PRESETS)
    ]


def _preset(params: Mapping[str, object]) -> str:
    return str(params.get("preset") or params.get("method") or "auto")


def _params(job: Job) -> TrainingParams | None:
    """None if another version of the server has stored others."""
    try:
        return TrainingParams.model_validate(job.params)
    except ValidationError:
        return None
