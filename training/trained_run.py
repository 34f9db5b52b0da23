"""Finds the best model of a finished run, with the document that the run recorded when it began."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from mlflow.entities import Run

from training.checkpoints.checkpoint import read_checkpoint
from training.checkpoints.location import open_checkpoints
from training.errors import CheckpointError, ConfigError
from training.job import work_dir
from training.preparation import identity_store
from training.recipe import TrainedModel
from training.recording.json_artifact import read_json_artifact
from training.recording.run_record import RunRecord
from training.settings import TrainingSettings


def run_document(record: RunRecord, settings: TrainingSettings) -> dict[str, Any]:
    """What the run began with. Raises ConfigError if this program has not trained it."""
    identity = identity_store(record, settings).read()
    if identity is None:
        raise ConfigError(f"The run {record.run_id} is not one that this program has trained.")
    return identity.to_json()


def best_model(
    run: Run, record: RunRecord, document: Mapping[str, Any], settings: TrainingSettings
) -> TrainedModel:
    """The model of the best checkpoint. Raises CheckpointError if there is none, or it is damaged."""
    checkpoints = open_checkpoints(
        record.artifact_uri,
        tracking_uri=record.tracking_uri,
        staging=work_dir(settings.data_dir, record.run_id) / "evaluated",
        keep_last=1,
    )
    best = checkpoints.best()
    if best is None:
        raise CheckpointError(f"The run {record.run_id} has no best checkpoint yet.")
    try:
        checkpoint = read_checkpoint(checkpoints.path(best))
    finally:
        checkpoints.remove_staging()
    progress = checkpoint.state["progress"]
    return TrainedModel(
        run_id=record.run_id,
        run_name=str(run.info.run_name),
        best_epoch=int(progress["best_epoch"]),
        best_step=int(progress["best_step"]),
        document=document,
        weights=checkpoint.evaluated_weights,
        read_json=partial(read_json_artifact, record),
    )
