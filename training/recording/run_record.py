"""Creates or resumes the MLflow run of a training, and sets its status until it ends."""

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from mlflow import MlflowClient
from mlflow.entities import Experiment, Run, RunStatus
from mlflow.exceptions import MlflowException

from tracking_plugin.mlflow_links import run_link
from tracking_plugin.mlflow_status import MlflowStatus, end_status_of
from tracking_plugin.names import RunStatus as FoveaStatus
from tracking_plugin.names import Tag
from training.errors import TrackingError
from training.recording.retry import retry_until_accepted

EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""MLflow's UI shows an experiment of this kind as model training."""

REACH_TIMEOUT_S = 5.0
REACH_ATTEMPTS = 3
LONGEST_TAG = 5000
_COMMANDED_STATUSES = (FoveaStatus.PAUSING, FoveaStatus.RESUMING, FoveaStatus.STOPPING)


def require_reachable(tracking_uri: str) -> None:
    """Raise TrackingError unless an MLflow server answers at `tracking_uri`; other stores pass."""
    if urlsplit(tracking_uri).scheme not in ("http", "https"):
        return
    for attempt in range(REACH_ATTEMPTS):
        try:
            answer = requests.get(f"{tracking_uri.rstrip('/')}/health", timeout=REACH_TIMEOUT_S)
            if answer.ok:
                return
            reason = f"HTTP status {answer.status_code}"
        except requests.RequestException as error:
            reason = type(error).__name__
        if attempt + 1 < REACH_ATTEMPTS:
            time.sleep(1)
    raise TrackingError(
        f"No MLflow server answers at {tracking_uri} ({reason}). Start one with 'fovea serve', "
        "or set MLFLOW_TRACKING_URI to where it runs."
    )


class RunRecord:
    """One MLflow run and its status."""

    def __init__(self, tracking_uri: str, run: Run) -> None:
        self.tracking_uri = tracking_uri
        self.run_id: str = run.info.run_id
        self.experiment_id: str = run.info.experiment_id
        self.artifact_uri: str = run.info.artifact_uri
        self._client = MlflowClient(tracking_uri)

    @property
    def link(self) -> str:
        """The address of the run in the MLflow UI."""
        return run_link(self.tracking_uri, self.experiment_id, self.run_id)

    def starting(self) -> None:
        """The run is being started: it is SCHEDULED until it computes.

        A command that the run has not applied yet keeps its status.
        """
        if _commanded_status(self._client, self.run_id) is None:
            self._client.update_run(self.run_id, status=MlflowStatus.SCHEDULED)
            self.set_tags({Tag.STATUS: FoveaStatus.STARTING, Tag.MESSAGE: ""})

    def completed(self, timeout_s: float) -> None:
        """End the run as FINISHED."""
        self._end(FoveaStatus.COMPLETED, "", timeout_s)

    def stopped(self, message: str, timeout_s: float) -> None:
        """End the run as KILLED, because a person stopped it."""
        self._end(FoveaStatus.STOPPED, message, timeout_s)

    def failed(self, message: str, timeout_s: float) -> None:
        """End the run as FAILED, for the reason in `message`."""
        self._end(FoveaStatus.ERROR, message[:LONGEST_TAG], timeout_s)

    def has_failed(self) -> bool:
        """Whether a rank has already recorded why it failed."""
        return bool(self._client.get_run(self.run_id).info.status == MlflowStatus.FAILED)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._client.set_tag(self.run_id, str(key), str(value))

    def _end(self, status: FoveaStatus, message: str, timeout_s: float) -> None:
        mlflow_status = end_status_of(status)

        def end() -> None:
            self.set_tags({Tag.STATUS: status, Tag.MESSAGE: message})
            self._client.set_terminated(self.run_id, status=mlflow_status)

        retry_until_accepted(end, f"end run {self.run_id} as {mlflow_status}", timeout_s)


def mark_training(tracking_uri: str, run_id: str) -> None:
    """Set the run to RUNNING before its first step; a command that is not applied keeps its status."""
    client = MlflowClient(tracking_uri)
    client.update_run(run_id, status=MlflowStatus.RUNNING)
    if _commanded_status(client, run_id) is None:
        client.set_tag(run_id, str(Tag.STATUS), str(FoveaStatus.TRAINING))


def _commanded_status(client: MlflowClient, run_id: str) -> str | None:
    """The status that a command has set and the run has not applied yet; a run must not overwrite it."""
    run = client.get_run(run_id)
    status: str | None = run.data.tags.get(Tag.STATUS)
    is_live = not RunStatus.is_terminated(RunStatus.from_string(run.info.status))
    return status if is_live and status in _COMMANDED_STATUSES else None


def create_run(
    tracking_uri: str, *, experiment_name: str, experiment_id: str, run_name: str
) -> RunRecord:
    """A new run in the experiment of that id or else of that name, which is created if it is missing."""
    client = MlflowClient(tracking_uri)
    experiment_id = experiment_id or _experiment_id(client, experiment_name)
    return RunRecord(tracking_uri, client.create_run(experiment_id, run_name=run_name or None))


def find_run(tracking_uri: str, run_id: str) -> Run:
    """The run with that id. Raises TrackingError if there is none."""
    try:
        return MlflowClient(tracking_uri).get_run(run_id)
    except MlflowException as error:
        raise TrackingError(f"There is no run {run_id} on {tracking_uri}: {error}") from error


def resume_run(tracking_uri: str, run_id: str) -> RunRecord:
    """An existing run that has not finished. Raises TrackingError if it cannot be resumed."""
    run = find_run(tracking_uri, run_id)
    if run.info.lifecycle_stage != "active":
        raise TrackingError(f"The run {run_id} is deleted; restore it to resume it.")
    if run.info.status == RunStatus.to_string(RunStatus.FINISHED):
        raise TrackingError(f"The run {run_id} has finished; start a new one.")
    return RunRecord(tracking_uri, run)


def _experiment_id(client: MlflowClient, name: str) -> str:
    found: Experiment | None = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, tags=EXPERIMENT_TAGS))
        except MlflowException:
            # Another process has created it in the meantime.
            found = client.get_experiment_by_name(name)
    if found is None or found.lifecycle_stage != "active":
        raise TrackingError(f"The experiment {name!r} is deleted; restore it, or name another one.")
    return str(found.experiment_id)
