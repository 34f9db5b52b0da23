"""Everything that is settled before a rank trains: the MLflow run, the configuration, the checks."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from training.config import LaunchConfig, LauncherName, LoopConfig
from training.errors import ConfigError, TrackingError
from training.job import TrainingJob
from training.process import decide_gpu
from training.recipe import RecipeKind
from training.recording.recorder import CONFIG_ARTIFACT
from training.recording.run_record import RunRecord, create_run, resume_run
from training.settings import TrainingSettings


def open_run(launch: LaunchConfig, settings: TrainingSettings, tracking_uri: str) -> RunRecord:
    """The run that was asked for, or a new one."""
    if run_id := launch.run_id or settings.run_id:
        return resume_run(tracking_uri, run_id)
    return create_run(
        tracking_uri,
        experiment_name=launch.experiment_name,
        experiment_id=settings.experiment_id,
        run_name=launch.run_name,
    )


def prepare_job(
    kind: RecipeKind,
    given: Mapping[str, Any],
    launch: LaunchConfig,
    settings: TrainingSettings,
    record: RunRecord,
) -> TrainingJob:
    """Settle the configuration and check what can be checked without starting a rank."""
    on_cluster = launch.launcher is LauncherName.RAY and bool(settings.cluster_address)
    use_gpu = _cluster_gpus(launch, settings) if on_cluster else decide_gpu(launch.gpus)
    stored = read_config(record)
    config = (
        _stored_config(kind, stored, given) if stored else kind.configure(given, has_gpu=use_gpu)
    )
    data_dir = settings.data_dir.resolve()
    if not on_cluster:
        # A cluster's driver may see neither the data nor the weights; its workers look at them.
        kind.check(config, data_dir)
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
    """The configuration document of a run that was begun earlier; None if there is none."""
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


def _cluster_gpus(launch: LaunchConfig, settings: TrainingSettings) -> bool:
    """Whether to train on GPUs of a Ray cluster: as asked, else if it has any at present."""
    if launch.gpus is not None:
        return launch.gpus
    # Ray is an extra: without it the other launchers still work.
    from training.launchers.ray_train import cluster_has_gpus  # noqa: PLC0415

    return cluster_has_gpus(settings.cluster_address)


def _stored_config(
    kind: RecipeKind, stored: Mapping[str, Any], given: Mapping[str, Any]
) -> LoopConfig:
    """The configuration with which a run was begun; ConfigError if other values are given now."""
    begun = kind.config_class.parse(dict(stored["config"]))
    asked = kind.config_class.parse({**stored["config"], **given})
    before, now = begun.model_dump(mode="json"), asked.model_dump(mode="json")
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
    return begun
