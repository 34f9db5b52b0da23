"""Prepares a training: opens its MLflow run, completes its configuration and checks it."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from training.config import FrozenConfig, LaunchConfig
from training.errors import ConfigError, TrackingError
from training.job import CONFIG_ARTIFACT, TrainingJob
from training.launchers.launcher import Launcher
from training.recipe_spec import ProgramSpec, RecipeSpec
from training.recording.run_record import RunRecord, create_run, resume_run
from training.settings import TrainingSettings


def open_run(launch: LaunchConfig, settings: TrainingSettings, tracking_uri: str) -> RunRecord:
    """The requested run, or a new one."""
    if run_id := launch.run_id or settings.run_id:
        return resume_run(tracking_uri, run_id)
    return create_run(
        tracking_uri,
        experiment_name=launch.experiment_name,
        experiment_id=settings.experiment_id,
        run_name=launch.run_name,
    )


def prepare_job(
    spec: RecipeSpec,
    given: Mapping[str, Any],
    launch: LaunchConfig,
    settings: TrainingSettings,
    record: RunRecord,
    launcher: Launcher,
) -> TrainingJob:
    """The job with its complete configuration, after the checks that need no rank."""
    is_program = isinstance(spec, ProgramSpec)
    use_gpu = bool(launch.gpus) if is_program else launcher.decide_gpu(launch, settings)
    stored = read_config(record)
    config = (
        _stored_config(spec, stored, given) if stored else spec.configure(given, has_gpu=use_gpu)
    )
    data_dir = settings.data_dir.resolve()
    if not launcher.is_remote(settings):
        # The driver of a cluster may see neither data nor weights; there the workers check them.
        spec.check(config, data_dir)
    return TrainingJob(
        recipe=launch.recipe,
        config=config.model_dump(mode="json"),
        run_id=record.run_id,
        tracking_uri=record.tracking_uri,
        artifact_uri=record.artifact_uri,
        data_dir=data_dir,
        use_gpu=use_gpu,
        is_resumed=stored is not None,
        shows_bars=sys.stderr.isatty(),
        register_as=launch.register_as or f"fovea-{launch.recipe}",
        delivery_timeout_s=launch.delivery_timeout_s,
    )


def read_config(record: RunRecord) -> dict[str, Any] | None:
    """The configuration that a run has recorded; None if it has not begun yet."""
    repository = get_artifact_repository(record.artifact_uri, tracking_uri=record.tracking_uri)
    try:
        if CONFIG_ARTIFACT not in {file.path for file in repository.list_artifacts()}:
            return None
        with tempfile.TemporaryDirectory(prefix="fovea-config-") as folder:
            path = repository.download_artifacts(CONFIG_ARTIFACT, dst_path=folder)
            return dict(json.loads(Path(path).read_text()))
    except (MlflowException, OSError, ValueError) as error:
        raise TrackingError(
            f"The settings of run {record.run_id} could not be read from its artifacts: {error}"
        ) from error


def _stored_config(
    spec: RecipeSpec, stored: Mapping[str, Any], given: Mapping[str, Any]
) -> FrozenConfig:
    """The configuration that the run began with. Raises ConfigError if other values are given."""
    original = spec.config_class.parse(dict(stored["config"]))
    requested = spec.config_class.parse({**stored["config"], **given})
    before, now = original.model_dump(mode="json"), requested.model_dump(mode="json")
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
    return original
