"""Logs the agreement of a challenger with the champion to an MLflow run of its own. All calls block."""

import logging
import time

from mlflow import MlflowClient
from mlflow.entities import Metric, ViewType
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

from serving.engine.process_name import names_ended_process, own_process_name
from serving.engine.protocol import ModelDescription
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.names import Tag

logger = logging.getLogger(__name__)

EXPERIMENT = "serving"


class ChallengerRun:
    """The run of one pair of versions, from its first comparison until one of the aliases moves."""

    def __init__(
        self, tracking_uri: str, champion: ModelDescription, challenger: ModelDescription
    ) -> None:
        self._client = MlflowClient(tracking_uri)
        self._champion = champion
        self._challenger = challenger
        self._run_id = ""

    def log(self, metrics: dict[str, float], step: int) -> None:
        """Log `metrics`, in a new run at the first call."""
        if not self._run_id:
            self._run_id = self._begin()
        now_ms = int(time.time() * 1000)
        self._client.log_batch(
            self._run_id,
            metrics=[Metric(name, value, now_ms, step) for name, value in metrics.items()],
        )

    def end(self) -> None:
        """The run has FINISHED; without a run, nothing happens."""
        if self._run_id:
            self._client.set_terminated(self._run_id, MlflowStatus.FINISHED)
            self._run_id = ""

    def _begin(self) -> str:
        experiment_id = _experiment(self._client)
        champion, challenger = self._champion, self._challenger
        name = f"{challenger.name} {challenger.version} beside {champion.version}"
        run = self._client.create_run(
            experiment_id,
            tags={
                MLFLOW_RUN_NAME: name,
                Tag.SERVING_PROCESS: own_process_name(),
                "champion_version": champion.version,
                "champion_run": champion.run_id,
                "challenger_version": challenger.version,
                "challenger_run": challenger.run_id,
                "model": challenger.name,
            },
        )
        return str(run.info.run_id)


def end_runs_of_killed_services(tracking_uri: str) -> None:
    """End the runs of services on this machine that were killed before they could do it."""
    client = MlflowClient(tracking_uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return
    runs = client.search_runs(
        [experiment.experiment_id],
        filter_string=f"attributes.status = '{MlflowStatus.RUNNING}'",
        run_view_type=ViewType.ACTIVE_ONLY,
        max_results=100,
    )
    for run in runs:
        if names_ended_process(run.data.tags.get(Tag.SERVING_PROCESS, "")):
            client.set_terminated(run.info.run_id, MlflowStatus.KILLED)


def _experiment(client: MlflowClient) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return str(client.create_experiment(EXPERIMENT))
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)
