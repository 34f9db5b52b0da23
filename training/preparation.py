"""Prepares a training: opens its MLflow run, stores what it is to train, and checks the settings."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tracking_plugin.data_roots import DataRoots
from training.config import FrozenConfig, LaunchConfig
from training.errors import ConfigError
from training.job import TrainingJob, work_dir
from training.launchers.launcher import Launcher
from training.recipe_spec import ProgramSpec, RecipeSpec
from training.recording.experiment import choose_experiment
from training.recording.identity_store import IdentityStore, require_complete
from training.recording.run_record import RunRecord, create_run, resume_run
from training.run_identity import RunIdentity, require_same_recipe
from training.settings import TrainingSettings


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """What a run is to train, and where its identity is stored."""

    identity: RunIdentity
    store: IdentityStore
    launch: LaunchConfig


def open_run(launch: LaunchConfig, settings: TrainingSettings, tracking_uri: str) -> RunRecord:
    """The requested run, or a new one."""
    if run_id := launch.run_id or settings.run_id:
        return resume_run(tracking_uri, run_id)
    experiment = choose_experiment(
        name=launch.experiment_name,
        is_named="experiment_name" in launch.model_fields_set,
        name_in_environment=settings.experiment_name,
        id_in_environment=settings.experiment_id,
    )
    return create_run(tracking_uri, experiment, launch.run_name)


def plan_training(
    spec: RecipeSpec,
    given: Mapping[str, Any],
    launch: LaunchConfig,
    settings: TrainingSettings,
    record: RunRecord,
) -> TrainingPlan:
    """The settings that the run has stored, completed by those that are given; changes nothing.

    Raises TrainingError if the run began with others, or if it does not say what it began with.
    """
    store = identity_store(record, settings)
    stored = store.read()
    require_complete(record.run_id, record.params, stored)
    requested = spec.config_class.parse(dict(given)).model_dump(mode="json", exclude_unset=True)
    if stored is None:
        _require_untouched(record)
        identity = RunIdentity(
            recipe=launch.recipe,
            recipe_version=spec.config_class.recipe_version,
            requested=requested,
            launch=launch.repeated,
        )
        return TrainingPlan(identity=identity, store=store, launch=launch)
    require_same_recipe(record.run_id, stored, launch.recipe, spec.config_class.recipe_version)
    launch = launch.repeating(stored.launch)
    stored = replace(stored, launch=launch.repeated)
    if stored.beginning is not None:
        _require_same_settings(spec, stored, requested)
        return TrainingPlan(
            identity=stored, store=store, launch=_with_workers(launch, stored.beginning.world_size)
        )
    requested = {**stored.requested, **requested}
    return TrainingPlan(identity=replace(stored, requested=requested), store=store, launch=launch)


def prepare_job(
    spec: RecipeSpec,
    plan: TrainingPlan,
    settings: TrainingSettings,
    record: RunRecord,
    launcher: Launcher,
) -> TrainingJob:
    """The job with its complete configuration, after the checks that need no rank.

    The plan is stored before the first check, so that a refused run can be resumed.
    """
    launch, identity = plan.launch, plan.identity
    is_begun = identity.beginning is not None
    if not is_begun:
        plan.store.write(identity, launch.delivery_timeout_s)
    is_program = isinstance(spec, ProgramSpec)
    use_gpu = bool(launch.gpus) if is_program else launcher.decide_gpu(launch, settings)
    config = _configuration(spec, identity, has_gpu=use_gpu)
    config.require_paths_in(DataRoots(settings.data_roots))
    data_dir = settings.data_dir.resolve()
    if not is_begun and not launcher.is_remote(settings):
        # The driver of a cluster may see neither data nor weights; there the workers check them, as
        # they do for a run that has begun, whose weights may be in its checkpoint alone.
        spec.check(config, data_dir)
    return TrainingJob(
        recipe=launch.recipe,
        recipe_version=identity.recipe_version,
        config=config.model_dump(mode="json"),
        requested=dict(identity.requested),
        launch=dict(identity.launch),
        run_id=record.run_id,
        tracking_uri=record.tracking_uri,
        artifact_uri=record.artifact_uri,
        data_dir=data_dir,
        use_gpu=use_gpu,
        shows_bars=sys.stderr.isatty(),
        register_as=launch.model_name,
        delivery_timeout_s=launch.delivery_timeout_s,
    )


def identity_store(record: RunRecord, settings: TrainingSettings) -> IdentityStore:
    """The identity of the run of `record`."""
    return IdentityStore(
        run_id=record.run_id,
        artifact_uri=record.artifact_uri,
        tracking_uri=record.tracking_uri,
        work_dir=work_dir(settings.data_dir, record.run_id),
    )


def _configuration(spec: RecipeSpec, identity: RunIdentity, *, has_gpu: bool) -> FrozenConfig:
    """The complete settings: those that the run began with, or else what its request amounts to."""
    if identity.beginning is not None:
        return spec.config_class.parse(dict(identity.config))
    return spec.configure(identity.requested, has_gpu=has_gpu)


def _require_untouched(record: RunRecord) -> None:
    """Raise ConfigError if the run has begun or ended without storing what it trains."""
    if record.evaluated_run_id:
        raise ConfigError(
            f"The run {record.run_id} is the evaluation of run {record.evaluated_run_id}, so it "
            "trains nothing. Start a new run without --run-id."
        )
    if not record.is_untouched:
        raise ConfigError(
            f"The run {record.run_id} does not say what it was trained with, so it cannot be "
            "resumed. Start a new run without --run-id."
        )


def _require_same_settings(
    spec: RecipeSpec, stored: RunIdentity, requested: Mapping[str, Any]
) -> None:
    """Raise ConfigError if `requested` differs from what the run began with.

    A repeated request is no change: `auto`, for example, has become another value meanwhile.
    """
    new = {name: value for name, value in requested.items() if stored.requested.get(name) != value}
    before = spec.config_class.parse(dict(stored.config)).model_dump(mode="json")
    now = spec.config_class.parse({**stored.config, **new}).model_dump(mode="json")
    changed = [
        f"{name} from {before[name]!r} to {now[name]!r}"
        for name in before
        if before[name] != now[name]
    ]
    if changed:
        raise ConfigError(
            f"A resumed run keeps its settings, but these would change: {', '.join(changed)}. "
            "Leave them out, or start a new run."
        )


def _with_workers(launch: LaunchConfig, world_size: int) -> LaunchConfig:
    """As many workers as the run began with, unless another number is given."""
    if "workers" in launch.model_fields_set:
        return launch
    return launch.model_copy(update={"workers": world_size})
