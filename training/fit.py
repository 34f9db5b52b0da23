"""The command `fit`: trains a recipe and records it as an MLflow run, whatever happens on the way."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

from tracking_plugin.names import Tag
from training.config import LaunchConfig
from training.errors import ConfigError, LaunchError
from training.job import TrainingJob, work_dir
from training.launchers.launcher import Launcher, Peers, open_launcher
from training.outcome import Ending, TrainingOutcome
from training.preparation import open_run, plan_training, prepare_job
from training.recipe_spec import ProgramSpec, RecipeSpec
from training.recipes.registry import recipe_spec
from training.recording.ending import recorded_ending
from training.recording.mlflow_names import require_names
from training.recording.run_claim import claimed_run
from training.recording.run_record import RunRecord, resume_run
from training.recording.tracking_server import open_tracking_server
from training.settings import TrainingSettings


def fit(launch: LaunchConfig, given: Mapping[str, Any], settings: TrainingSettings) -> None:
    """Train until the run has FINISHED. Raises TrainingError, with the run FAILED, if it cannot.

    A run that another process trains, and an ended run that cannot be resumed, stay as they are.
    """
    spec = recipe_spec(launch.recipe)
    if not (launch.run_id or settings.run_id):
        # Settings that are plainly wrong are refused before a run is created.
        spec.config_class.parse(dict(given))
    require_names(
        register_as=launch.model_name,
        experiment_name=launch.experiment_name,
        run_name=launch.run_name,
    )
    launcher = open_launcher(launch.launcher)
    with launcher.peers(launch, settings) as peers, ExitStack() as claim:
        _require_one_process(spec, launch, peers)
        record: RunRecord | None = None
        prepared: TrainingJob | None = None
        if peers.is_main:
            with _announced_failure(peers):
                # Before the other processes open it: an empty database would get its tables twice.
                tracking_uri = open_tracking_server()
                record = _open_run(launch, settings, tracking_uri, peers)
                with nullcontext() if record.had_ended else recorded_ending(record, settings):
                    run_dir = work_dir(settings.data_dir, record.run_id)
                    claim.enter_context(claimed_run(record, run_dir))
                    plan = plan_training(spec, given, launch, settings, record)
                launch = plan.launch
                with recorded_ending(record, settings):
                    _announce(record, launch)
                    prepared = prepare_job(spec, plan, settings, record, launcher)
        job = peers.broadcast(prepared)
        if job is None:
            raise LaunchError("Rank 0 could not prepare the training; its message says why.")
        record = record or resume_run(open_tracking_server(), job.run_id)
        with recorded_ending(record, settings, may_be_collateral=not peers.is_alone):
            _train(job, launch, settings, launcher, peers, record)


def _open_run(
    launch: LaunchConfig, settings: TrainingSettings, tracking_uri: str, peers: Peers
) -> RunRecord:
    run_id = peers.remembered_run_id or launch.run_id
    record = open_run(launch.model_copy(update={"run_id": run_id}), settings, tracking_uri)
    peers.remember_run(record.run_id)
    return record


def _announce(record: RunRecord, launch: LaunchConfig) -> None:
    record.set_tags({Tag.RECIPE: launch.recipe})
    record.starting()
    print(f"Run: {record.link}", flush=True)


def _train(
    job: TrainingJob,
    launch: LaunchConfig,
    settings: TrainingSettings,
    launcher: Launcher,
    peers: Peers,
    record: RunRecord,
) -> None:
    outcome = launcher.train(job, launch, settings)
    peers.barrier()
    if peers.is_main:
        _record_outcome(record, job, outcome)
        peers.forget_run()


def _record_outcome(record: RunRecord, job: TrainingJob, outcome: TrainingOutcome) -> None:
    if outcome.ending is Ending.RELEASED:
        print(f"Paused, to be resumed later: {record.link}", flush=True)
    elif outcome.ending is Ending.STOPPED:
        record.stopped(outcome.message, job.delivery_timeout_s)
        print(f"Stopped: {record.link}", flush=True)
    else:
        record.completed(job.delivery_timeout_s)
        print(f"Finished: {record.link}", flush=True)


def _require_one_process(spec: RecipeSpec, launch: LaunchConfig, peers: Peers) -> None:
    if isinstance(spec, ProgramSpec) and (launch.workers > 1 or not peers.is_alone):
        raise ConfigError(
            f"workers: the recipe {launch.recipe} trains in one process; "
            "leave --workers out and use --launcher single or ray."
        )


@contextmanager
def _announced_failure(peers: Peers) -> Iterator[None]:
    """Tell the waiting processes if the preparation fails."""
    try:
        yield
    except BaseException:
        peers.broadcast(None)
        raise
