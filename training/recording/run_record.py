"""Creates or resumes the MLflow run of a training, and sets its status until it ends."""

from collections.abc import Mapping

from mlflow import MlflowClient
from mlflow.entities import Run, RunStatus, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking.context.registry import resolve_tags

from tracking_plugin.mlflow_links import run_link
from tracking_plugin.mlflow_status import MlflowStatus, end_status_of
from tracking_plugin.names import SYSTEM_METRIC_PREFIX, Tag
from tracking_plugin.names import RunStatus as FoveaStatus
from tracking_plugin.server_address import without_credentials
from training.errors import TrackingError, first_line
from training.recording.experiment import ExperimentChoice, find_or_create
from training.recording.retry import retry_until_accepted
from training.recording.run_ids import full_run_id

LONGEST_TAG = 5000
_COMMANDED_STATUSES = (FoveaStatus.PAUSING, FoveaStatus.RESUMING, FoveaStatus.STOPPING)


class RunRecord:
    """One MLflow run and its status."""

    def __init__(self, tracking_uri: str, run: Run) -> None:
        self.tracking_uri = tracking_uri
        self.run_id: str = run.info.run_id
        self.experiment_id: str = run.info.experiment_id
        self.artifact_uri: str = run.info.artifact_uri
        self.params: Mapping[str, str] = dict(run.data.params)
        self.is_untouched = _is_untouched(run)
        """Whether nothing has been recorded in the run yet."""
        self.is_training = Tag.RECIPE in run.data.tags
        self.evaluated_run_id: str = run.data.tags.get(Tag.EVALUATED_RUN, "")
        """The run that this one evaluates; empty for a training."""
        self.had_ended = RunStatus.is_terminated(RunStatus.from_string(run.info.status))
        self._tags: Mapping[str, str] = dict(run.data.tags)
        self._client = MlflowClient(tracking_uri)

    @property
    def link(self) -> str:
        """The address of the run in the MLflow UI."""
        return run_link(without_credentials(self.tracking_uri), self.experiment_id, self.run_id)

    def artifact_link(self, path: str) -> str:
        """The address of an artifact of the run in the MLflow UI."""
        base = without_credentials(self.tracking_uri)
        return run_link(base, self.experiment_id, self.run_id, path)

    def starting(self) -> None:
        """The run is being started: it is SCHEDULED until it computes.

        A command that the run has not applied yet keeps its status.
        """
        self._add_context()
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
        self._end(FoveaStatus.ERROR, without_credentials(message)[:LONGEST_TAG], timeout_s)

    def has_failed(self) -> bool:
        """Whether a rank has already recorded why it failed."""
        return bool(self._client.get_run(self.run_id).info.status == MlflowStatus.FAILED)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._client.set_tag(self.run_id, str(key), str(value))

    def _add_context(self) -> None:
        """Add MLflow's tags of who runs which program to a run that another program has created."""
        context = {key: value for key, value in resolve_tags().items() if key not in self._tags}
        if context:
            tags = [RunTag(key, str(value)) for key, value in context.items()]
            self._client.log_batch(self.run_id, tags=tags)

    def remove_tag(self, key: str) -> None:
        """Remove a tag that the run has."""
        self._client.delete_tag(self.run_id, str(key))

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


def create_run(tracking_uri: str, experiment: ExperimentChoice, run_name: str) -> RunRecord:
    """A new run, with MLflow's tags of who started it, with which program and at which commit.

    Raises TrackingError if the server refuses it.
    """
    client = MlflowClient(tracking_uri)
    try:
        experiment_id = find_or_create(client, experiment)
        run = client.create_run(experiment_id, run_name=run_name or None, tags=resolve_tags())
    except MlflowException as error:
        raise TrackingError(
            f"The tracking server did not create the run: {without_credentials(first_line(error))}"
        ) from error
    return RunRecord(tracking_uri, run)


def find_run(tracking_uri: str, run_id: str) -> Run:
    """The run with that id, or whose id begins with it. Raises TrackingError if there is none."""
    client = MlflowClient(tracking_uri)
    try:
        return client.get_run(full_run_id(client, run_id))
    except MlflowException as error:
        raise TrackingError(
            f"There is no run {run_id} on {without_credentials(tracking_uri)}: "
            f"{without_credentials(first_line(error))}"
        ) from error


def resume_run(tracking_uri: str, run_id: str) -> RunRecord:
    """An existing run that has not finished. Raises TrackingError if it cannot be resumed."""
    run = find_run(tracking_uri, run_id)
    if run.info.lifecycle_stage != "active":
        raise TrackingError(f"The run {run_id} is deleted; restore it to resume it.")
    if run.info.status == RunStatus.to_string(RunStatus.FINISHED):
        raise TrackingError(f"The run {run_id} has finished; start a new one.")
    return RunRecord(tracking_uri, run)


def _is_untouched(run: Run) -> bool:
    has_ended = RunStatus.is_terminated(RunStatus.from_string(run.info.status))
    names = (name for name in run.data.metrics if not name.startswith(SYSTEM_METRIC_PREFIX))
    return not has_ended and not any(names)
