"""A run in a temporary store, and a server that controls it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from tests.mlflow_database import new_store
from tests.tracking_plugin.control_server import ControlServer, control_server
from tests.waiting import until
from tracking_plugin.control import RunControl
from tracking_plugin.control_address import control_address
from tracking_plugin.control_messages import Desired


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MlflowClient]:
    """The temporary store that the fluent API logs to."""
    before = mlflow.get_tracking_uri()
    uri = new_store(tmp_path)
    mlflow.set_tracking_uri(uri)
    MlflowClient(uri).create_experiment("here", artifact_location=str(tmp_path))
    mlflow.set_experiment("here")
    yield MlflowClient(uri)
    mlflow.set_tracking_uri(before)


@dataclass(frozen=True, kw_only=True)
class Controlled:
    """A run of the store that the server controls."""

    control: RunControl
    server: ControlServer
    run_id: str

    def set_desired(self, desired: Desired) -> None:
        """Send the command, and return once the run has received it, but not yet applied it."""
        self.server.set_desired(desired)
        until(lambda: self.control.command.desired is desired, f"the command {desired}")


@pytest.fixture
def linked_server(store: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlServer]:
    """The server to which each control of a run of the store connects."""

    with control_server() as server:
        monkeypatch.setattr(
            "tracking_plugin.control.control_address",
            lambda _, run_id: control_address(server.url, run_id),
        )
        yield server


@pytest.fixture
def controlled(store: MlflowClient) -> Iterator[Controlled]:
    experiment = store.get_experiment_by_name("here")
    run_id = store.create_run(experiment.experiment_id).info.run_id
    with (
        control_server() as server,
        RunControl(run_id, tracking_uri=server.url) as control,
    ):
        server.wait_connected()
        yield Controlled(control=control, server=server, run_id=run_id)
