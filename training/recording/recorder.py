"""Records a training in its MLflow run: settings, data set, metrics and system metrics."""

import contextlib
import json
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Run
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from tracking_plugin.names import Param
from training.errors import TrackingError
from training.job import TrainingJob
from training.recipe_spec import DatasetDescription, RunDescription
from training.recording.beginning import Start
from training.recording.identity_store import IdentityStore
from training.recording.retry import retry_until_accepted
from training.recording.run_record import mark_training
from training.recording.system_metrics import RecordedSystemMetrics
from training.run_identity import RunIdentity
from training.tracking.tracker import MlflowTracker

ABANDON_TIMEOUT_S = 10.0


class Recorder:
    """The tracker and the system metrics of a run; used by rank 0 alone."""

    def __init__(self, job: TrainingJob, identity: IdentityStore) -> None:
        self._job = job
        self._identity = identity
        self.tracker = MlflowTracker(
            run_id=job.run_id, tracking_uri=job.tracking_uri, spool_dir=job.spool_dir
        )
        self._system_metrics = RecordedSystemMetrics(job.run_id, job.tracking_uri, self.tracker)

    def begin(self, begun: Start) -> None:
        """Record the settings and the data set as far as the run lacks them; it is RUNNING from here on."""
        identity, description = begun.identity, begun.description
        if not begun.is_resumed:
            # What the run began with is stored before any metric, so that no resume can miss it.
            self._identity.write(identity, self._job.delivery_timeout_s)
        run = self._run()
        self.tracker.log_params(_missing_params(run, description, identity))
        if run.inputs is None or not run.inputs.dataset_inputs:
            for path, document in description.dataset.artifacts.items():
                self.tracker.log_json(document, path)
            self._record_dataset(description.dataset)
        retry_until_accepted(
            lambda: mark_training(self._job.tracking_uri, self._job.run_id),
            "mark the run as running",
            self._job.delivery_timeout_s,
        )
        self._system_metrics.start()

    def flush(self) -> None:
        """Wait until everything recorded so far is delivered. Raises TrackingError at the timeout."""
        self._system_metrics.finish()
        self.tracker.flush(self._job.delivery_timeout_s)

    def close(self) -> None:
        """Deliver everything and stop. Raises TrackingError at the timeout."""
        self._system_metrics.finish()
        self.tracker.close(self._job.delivery_timeout_s)

    def abandon(self) -> None:
        """Deliver what can be delivered soon; the rest stays on disk for the next attempt."""
        self._system_metrics.finish()
        with contextlib.suppress(TrackingError):
            self.tracker.close(ABANDON_TIMEOUT_S)

    def _run(self) -> Run:
        client = MlflowClient(self._job.tracking_uri)
        return retry_until_accepted(
            lambda: client.get_run(self._job.run_id), "read the run", self._job.delivery_timeout_s
        )

    def _record_dataset(self, description: DatasetDescription) -> None:
        client = MlflowClient(self._job.tracking_uri)
        retry_until_accepted(
            lambda: client.log_inputs(self._job.run_id, [_dataset_input(description)]),
            "record the data set",
            self._job.delivery_timeout_s,
        )


def _missing_params(run: Run, description: RunDescription, identity: RunIdentity) -> dict[str, str]:
    """The params that the run does not have yet.

    `mlflow run` records those that it was given, and an interrupted attempt may have recorded some.
    """
    params = {name: str(value) for name, value in identity.config.items()}
    params |= {**description.params, "recipe": identity.recipe}
    if identity.beginning is not None:
        params[Param.IDENTITY_DIGEST] = identity.beginning.digest
    return {name: value for name, value in params.items() if name not in run.data.params}


def _dataset_input(description: DatasetDescription) -> DatasetInput:
    dataset = Dataset(
        name=description.name,
        digest=description.digest,
        source_type="local",
        source=json.dumps({"uri": Path(description.source).as_uri()}),
        profile=json.dumps(dict(description.profile)),
    )
    return DatasetInput(dataset, tags=[InputTag(key=MLFLOW_DATASET_CONTEXT, value="training")])
