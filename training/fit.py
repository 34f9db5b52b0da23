"""The command `fit`: from settings to a finished MLflow run, whatever happens on the way."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mlflow

from tracking_plugin.names import Tag
from tracking_plugin.ray_head import LOCAL_ENVIRONMENT
from training.config import LaunchConfig, LauncherName
from training.errors import LaunchError
from training.job import TrainingJob
from training.launchers import torchrun
from training.outcome import Ending, Outcome
from training.preparation import open_run, prepare_job
from training.process import Process
from training.rank import run_rank
from training.recipes.registry import recipe_kind
from training.recording.ending import recorded_ending
from training.recording.run_record import RunRecord, require_reachable, resume_run
from training.settings import TrainingSettings

Prepare = Callable[[RunRecord], TrainingJob]


def fit(launch: LaunchConfig, given: Mapping[str, Any], settings: TrainingSettings) -> None:
    """Train until the run has FINISHED; TrainingError, and the run FAILED, if it cannot."""
    kind = recipe_kind(launch.recipe)
    if not (launch.run_id or settings.run_id):
        # What is plainly wrong needs no run to say so.
        kind.config_class.parse(dict(given))
    tracking_uri = mlflow.get_tracking_uri()
    require_reachable(tracking_uri)

    def prepare(record: RunRecord) -> TrainingJob:
        record.set_tags({Tag.RECIPE: launch.recipe})
        record.starting()
        print(f"Run: {record.link}", flush=True)
        return prepare_job(kind, given, launch, settings, record)

    if launch.launcher is LauncherName.TORCHRUN:
        _fit_under_torchrun(launch, settings, tracking_uri, prepare)
        return
    record = open_run(launch, settings, tracking_uri)
    with recorded_ending(record, settings):
        job = prepare(record)
        _conclude(record, job, _train(job, launch, settings))


def _train(job: TrainingJob, launch: LaunchConfig, settings: TrainingSettings) -> Outcome:
    if launch.launcher is LauncherName.SINGLE:
        return run_rank(job)
    # Ray reads these while it is imported.
    os.environ.setdefault("RAY_COLOR_PREFIX", str(int(job.shows_bars)))
    if not settings.cluster_address:
        os.environ.update({**LOCAL_ENVIRONMENT, "RAY_AUTH_TOKEN": secrets.token_hex(32)})
    try:
        # Ray is an extra: without it the other launchers still work.
        from training.launchers.ray_train import launch_ray  # noqa: PLC0415
    except ImportError as error:
        raise LaunchError(
            f"--launcher ray needs Ray ({error}). Install mlflow-fovea[training], or use "
            "--launcher single or torchrun."
        ) from error
    return launch_ray(
        job,
        workers=launch.workers,
        max_failures=launch.max_failures,
        ray_address=settings.cluster_address,
    )


def _fit_under_torchrun(
    launch: LaunchConfig, settings: TrainingSettings, tracking_uri: str, prepare: Prepare
) -> None:
    with torchrun.process_group(asked_for_gpus=launch.gpus) as process:
        prepared: TrainingJob | None = None
        if process.is_main:
            known = torchrun.remembered_run(settings.data_dir)
            record = open_run(launch.model_copy(update=known), settings, tracking_uri)
            torchrun.remember_run(settings.data_dir, record.run_id)
            with recorded_ending(record, settings), _announced_failure(process):
                prepared = prepare(record)
        job = process.broadcast(prepared)
        if job is None:
            raise LaunchError("Rank 0 could not prepare the training; its message says why.")
        record = resume_run(tracking_uri, job.run_id)
        with recorded_ending(record, settings, may_be_collateral=True):
            outcome = run_rank(job)
            process.barrier()
            if process.is_main:
                _conclude(record, job, outcome)
                torchrun.forget_run(settings.data_dir)


def _conclude(record: RunRecord, job: TrainingJob, outcome: Outcome) -> None:
    if outcome.ending is Ending.RELEASED:
        print(f"Paused, to be gone on with: {record.link}", flush=True)
    elif outcome.ending is Ending.STOPPED:
        record.stopped(outcome.message, job.delivery_timeout_s)
        print(f"Stopped: {record.link}", flush=True)
    else:
        record.completed(job.delivery_timeout_s)
        print(f"Finished: {record.link}", flush=True)


@contextmanager
def _announced_failure(process: Process) -> Iterator[None]:
    """Let the waiting ranks know when rank 0 gives up."""
    try:
        yield
    except BaseException:
        process.broadcast(None)
        raise
