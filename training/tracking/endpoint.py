"""Chooses how one run's records reach MLflow: over HTTP, or directly into a store."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from tracking_plugin.server_address import is_server
from training.tracking.records import Entry
from training.tracking.rest_endpoint import RestEndpoint
from training.tracking.store_endpoint import StoreEndpoint


class Endpoint(Protocol):
    """Accepts the records of one run; every method tries once, and raises Unavailable or Refused."""

    def latest_steps(self) -> dict[str, int]:
        """The highest step of each metric of the run; raises RunGone if the run is deleted."""

    def metric_steps(self, key: str) -> Iterable[int]:
        """All steps of a metric of the run, in any order."""

    def log_batch(self, entries: Sequence[Entry]) -> None: ...

    def list_files(self, folder: str) -> list[str]:
        """Paths of the run's artifacts in `folder`."""

    def upload(self, file: Path, artifact_path: str) -> None:
        """Store `file` as the run's artifact `artifact_path`."""


def open_endpoint(run_id: str, tracking_uri: str) -> Endpoint:
    if is_server(tracking_uri):
        return RestEndpoint(run_id, tracking_uri)
    return StoreEndpoint(run_id, tracking_uri)
