"""Records a training by the torch loop: what recorder.py records, and its checkpoints and best model."""

import contextlib
import logging

from mlflow import MlflowClient

from tracking_plugin.names import Metric, Param
from training.checkpoints.checkpoint import Checkpoint, read_checkpoint
from training.checkpoints.store import CheckpointStore
from training.errors import CheckpointError
from training.evidence.outputs import FittedEvidence
from training.evidence.schema import EVIDENCE_ARTIFACT, ModelEvidence
from training.job import TrainingJob
from training.process import Process
from training.recipe import RecordedRecipe
from training.recipe_spec import RunDescription
from training.recording.beginning import Start
from training.recording.champion import promote_first
from training.recording.identity_store import IdentityStore
from training.recording.publish import register_best_model
from training.recording.recorder import ABANDON_TIMEOUT_S, Recorder
from training.recording.retry import retry_until_accepted

logger = logging.getLogger(__name__)


class LoopRecorder:
    """The recorder of a run and its checkpoints; used by rank 0 alone."""

    def __init__(
        self, job: TrainingJob, checkpoints: CheckpointStore, identity: IdentityStore
    ) -> None:
        self._job = job
        self._checkpoints = checkpoints
        checkpoints.open_for_writing()
        self._recorder = Recorder(job, identity)
        self.tracker = self._recorder.tracker

    def begin(self, begun: Start) -> None:
        """Record the settings and the data set; the run is RUNNING from here on."""
        self._recorder.begin(begun)

    def finish(self, recipe: RecordedRecipe, fitted: FittedEvidence) -> None:
        """Register the best model with its evidence, and wait until everything recorded is delivered."""
        name = self._checkpoints.best()
        best = None if name is None else read_checkpoint(self._checkpoints.path(name))
        if best is not None:
            self._record_evidence(fitted, step=_step(best))
        self._recorder.flush()
        if best is None:
            logger.warning("No evaluation was made, so there is no best model to register.")
        elif _may_register(fitted):
            self._register(recipe, best, fitted)
        self.close()

    def close(self) -> None:
        """Wait until everything recorded is delivered, without registering a model."""
        self._recorder.close()
        self._checkpoints.close(self._job.delivery_timeout_s)
        self._job.remove_work_dir()

    def abandon(self) -> None:
        """Deliver what can be delivered soon; the rest stays on disk for the next attempt."""
        self._recorder.abandon()
        with contextlib.suppress(CheckpointError):
            self._checkpoints.stop(ABANDON_TIMEOUT_S)

    def _record_evidence(self, fitted: FittedEvidence, *, step: int) -> None:
        evidence = fitted.evidence
        for path, document in fitted.documents.items():
            self.tracker.log_json(document, path)
        for key, image in fitted.images.items():
            self.tracker.log_image(image, key, step)
        if fitted.registration is not None:
            self.tracker.set_tags(fitted.registration.tags)
        self.tracker.log_json(evidence.model_dump(mode="json"), EVIDENCE_ARTIFACT)
        self.tracker.log_metrics(evidence_metrics(evidence), step)
        for sentence in evidence.missing:
            logger.warning("%s", sentence)

    def _register(self, recipe: RecordedRecipe, best: Checkpoint, fitted: FittedEvidence) -> None:
        version = retry_until_accepted(
            lambda: register_best_model(
                recipe.package(),
                best.evaluated_weights,
                fitted,
                run_id=self._job.run_id,
                tracking_uri=self._job.tracking_uri,
                register_as=self._job.register_as,
                step=_step(best),
            ),
            "register the best model",
            self._job.delivery_timeout_s,
        )
        client = MlflowClient(self._job.tracking_uri)
        retry_until_accepted(
            lambda: promote_first(client, self._job.register_as, version),
            "make the first version of the model the one that is served",
            self._job.delivery_timeout_s,
        )


def _may_register(fitted: FittedEvidence) -> bool:
    decision = fitted.registration
    if decision is None:
        return True
    logger.log(logging.INFO if decision.is_allowed else logging.WARNING, "%s", decision.sentence)
    return decision.is_allowed


def evidence_metrics(evidence: ModelEvidence) -> dict[str, float]:
    """The figures of the evidence that alert rules can use, under their MLflow names."""
    named = {
        Metric.TEMPERATURE: evidence.temperature,
        Metric.CALIBRATION_ERROR: evidence.expected_calibration_error,
    }
    return {name: value for name, value in named.items() if value is not None}


def _step(checkpoint: Checkpoint) -> int:
    """The optimizer step after which the checkpoint was saved."""
    return int(checkpoint.state["progress"]["step"])


def describe_run(recipe: RecordedRecipe, process: Process) -> RunDescription:
    """The facts to record about a recipe that this process trains."""
    params = {
        **recipe.params(),
        Param.TOTAL_EPOCHS: str(recipe.config.epochs),
        Param.STEPS_PER_EPOCH: str(recipe.steps_per_epoch),
        "world_size": str(process.world_size),
        "global_batch_size": str(recipe.samples_per_step),
        "device": process.device_name,
    }
    return RunDescription(
        params=params,
        dataset=recipe.dataset(),
        document=recipe.document(),
        identity={**recipe.identity(), "the number of steps per epoch": recipe.steps_per_epoch},
        world_size=process.world_size,
        samples_per_step=recipe.samples_per_step,
        initial_weights=recipe.initial_weights(),
    )
