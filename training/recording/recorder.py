"""What rank 0 keeps on record of a training, from its first line to its best model."""

import contextlib
import json
import logging
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from tracking_plugin.names import Param
from training.checkpoints.checkpoint import read_checkpoint
from training.checkpoints.store import CheckpointStore
from training.config import LoopConfig
from training.errors import CheckpointError, TrackingError
from training.job import TrainingJob
from training.process import Process
from training.recipe import DatasetDescription, RecordedRecipe
from training.recording.publish import register_best_model
from training.recording.retry import retry_until_accepted
from training.recording.run_record import mark_training
from training.recording.system_metrics import RecordedSystemMetrics
from training.tracking.tracker import MlflowTracker

logger = logging.getLogger(__name__)

CONFIG_ARTIFACT = "config.json"
ABANDON_TIMEOUT_S = 10.0


class Recorder:
    """A run's tracker, system metrics and checkpoints; used by rank 0 alone."""

    def __init__(self, job: TrainingJob, checkpoints: CheckpointStore) -> None:
        self._job = job
        self._checkpoints = checkpoints
        checkpoints.open_for_writing()
        self.tracker = MlflowTracker(
            run_id=job.run_id, tracking_uri=job.tracking_uri, spool_dir=job.spool_dir
        )
        self._system_metrics = RecordedSystemMetrics(job.run_id, job.tracking_uri, self.tracker)

    def begin(self, recipe: RecordedRecipe, process: Process) -> None:
        """Put the settings and the data set on record; the run is RUNNING from here on."""
        if not self._job.is_resumed:
            self.tracker.log_params(self._new_params(_params(self._job, recipe, process)))
            self.tracker.log_json(config_document(self._job, recipe), CONFIG_ARTIFACT)
            self._log_dataset(recipe.dataset())
        retry_until_accepted(
            lambda: mark_training(self._job.tracking_uri, self._job.run_id),
            "told that the training begins",
            self._job.delivery_timeout_s,
        )
        self._system_metrics.start()

    def finish(self, recipe: RecordedRecipe) -> None:
        """Register the best model, and wait until everything recorded has arrived."""
        self._system_metrics.finish()
        self.tracker.flush(self._job.delivery_timeout_s)
        self._register_best(recipe)
        self.leave()

    def leave(self) -> None:
        """Wait until everything recorded has arrived; the run goes on elsewhere, or not at all."""
        timeout_s = self._job.delivery_timeout_s
        self._system_metrics.finish()
        self.tracker.close(timeout_s)
        self._checkpoints.close(timeout_s)
        with contextlib.suppress(OSError):
            self._job.work_dir.rmdir()

    def abandon(self) -> None:
        """Deliver what can be delivered soon; the rest stays on disk for the next attempt."""
        self._system_metrics.finish()
        with contextlib.suppress(TrackingError):
            self.tracker.close(ABANDON_TIMEOUT_S)
        with contextlib.suppress(CheckpointError):
            self._checkpoints.stop(ABANDON_TIMEOUT_S)

    def _new_params(self, params: dict[str, str]) -> dict[str, str]:
        """Those not on record yet: `mlflow run` records what it was given, as it was given."""
        client = MlflowClient(self._job.tracking_uri)
        timeout_s = self._job.delivery_timeout_s
        run = retry_until_accepted(
            lambda: client.get_run(self._job.run_id), "asked for the run", timeout_s
        )
        return {name: value for name, value in params.items() if name not in run.data.params}

    def _register_best(self, recipe: RecordedRecipe) -> None:
        best = self._checkpoints.best()
        if best is None:
            logger.warning("No evaluation was made, so there is no best model to register.")
            return
        checkpoint = read_checkpoint(self._checkpoints.path(best))
        retry_until_accepted(
            lambda: register_best_model(
                recipe.package(),
                checkpoint.evaluated_weights,
                run_id=self._job.run_id,
                tracking_uri=self._job.tracking_uri,
                register_as=self._job.register_as,
                step=int(checkpoint.state["progress"]["step"]),
            ),
            "given the best model",
            self._job.delivery_timeout_s,
        )

    def _log_dataset(self, description: DatasetDescription) -> None:
        client = MlflowClient(self._job.tracking_uri)
        retry_until_accepted(
            lambda: client.log_inputs(self._job.run_id, [_dataset_input(description)]),
            "told of the data set",
            self._job.delivery_timeout_s,
        )


def config_document(job: TrainingJob, recipe: RecordedRecipe) -> dict[str, Any]:
    """What a resumed training and an evaluation read back."""
    return {"recipe": job.recipe, "config": dict(job.config), **recipe.document()}


def _params(job: TrainingJob, recipe: RecordedRecipe, process: Process) -> dict[str, str]:
    config: LoopConfig = recipe.config
    settings = {name: str(value) for name, value in config.model_dump(mode="json").items()}
    return {
        **settings,
        **recipe.params(),
        "recipe": job.recipe,
        Param.TOTAL_EPOCHS: str(config.epochs),
        Param.STEPS_PER_EPOCH: str(recipe.steps_per_epoch),
        "world_size": str(process.world_size),
        "global_batch_size": str(recipe.samples_per_step),
        "device": process.device_name,
    }


def _dataset_input(description: DatasetDescription) -> DatasetInput:
    dataset = Dataset(
        name=description.name,
        digest=description.digest,
        source_type="local",
        source=json.dumps({"uri": Path(description.source).as_uri()}),
        profile=json.dumps(dict(description.profile)),
    )
    return DatasetInput(dataset, tags=[InputTag(key=MLFLOW_DATASET_CONTEXT, value="training")])
