"""Writes one run's records directly into a store of MLflow: a database or a folder."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from training.tracking.artifact_repository import open_artifact_repository, upload_to_repository
from training.tracking.failures import require_active, store_failure
from training.tracking.records import Entry, split_by_kind


class StoreEndpoint:
    """Any store that MLflow's client opens by its URI."""

    def __init__(self, run_id: str, tracking_uri: str) -> None:
        self._run_id = run_id
        self._tracking_uri = tracking_uri

    def latest_steps(self) -> dict[str, int]:
        run = self._call("get_run", self._run_id)
        require_active(run.info.lifecycle_stage, self._run_id)
        return {metric.key: metric.step for metric in run.data.to_proto().metrics}

    def metric_steps(self, key: str) -> Iterable[int]:
        return (point.step for point in self._call("get_metric_history", self._run_id, key))

    def log_batch(self, entries: Sequence[Entry]) -> None:
        metrics, params, tags = split_by_kind(entries)
        self._call(
            "log_batch",
            self._run_id,
            [Metric(it.key, it.value, it.timestamp_ms, it.step) for it in metrics],
            [Param(it.key, it.value) for it in params],
            [RunTag(it.key, it.value) for it in tags],
        )

    def list_files(self, folder: str) -> list[str]:
        return [file.path for file in self._call("list_artifacts", self._run_id, folder)]

    def upload(self, file: Path, artifact_path: str) -> None:
        run = self._call("get_run", self._run_id)
        repository = open_artifact_repository(run.info.artifact_uri, self._tracking_uri)
        upload_to_repository(repository, file, artifact_path)

    @cached_property
    def _client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=self._tracking_uri)

    def _call(self, method: str, *arguments: Any) -> Any:
        try:
            return getattr(self._client, method)(*arguments)
        except Exception as error:  # Database drivers raise errors of any type.
            raise store_failure(error) from error
