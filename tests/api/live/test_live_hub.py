"""A separate hub process follows the server over the bus, and both survive outages of the bus."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from mlflow import MlflowClient

from tests.api.live.watcher import Watcher
from tests.ports import LOOPBACK, free_port
from tests.servers import Server, fovea_server
from tests.valkey import valkey_server
from tests.waiting import until


@dataclass
class Deployment:
    """A server and a hub on one bus, which can be stopped and restarted."""

    server: Server
    hub: Server
    bus_port: int
    bus_dir: Path
    bus: ExitStack

    def stop_bus(self) -> None:
        self.bus.close()

    def start_bus(self) -> None:
        self.bus.enter_context(valkey_server(self.bus_dir, self.bus_port))


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    directory = tmp_path_factory.mktemp("deployment")
    bus_port = free_port()
    environment = {"FOVEA_BUS_URL": f"redis://{LOOPBACK}:{bus_port}"}
    with (
        ExitStack() as bus,
        fovea_server(directory / "data", environment=environment) as server,
        fovea_server(directory / "data", environment=environment, command="hub") as hub,
    ):
        bus.enter_context(valkey_server(directory / "valkey", bus_port))
        yield Deployment(server, hub, bus_port, directory / "valkey", bus)


@contextmanager
def watching(*servers: Server) -> Iterator[Watcher]:
    watcher = Watcher([server.url for server in servers])
    watcher.connect()
    yield watcher
    watcher.disconnect()


def is_connected(server: Server) -> bool:
    return bool(httpx.get(f"{server.url}/api/health").json()["is_bus_connected"])


def test_a_separate_hub_sends_and_reads_what_the_server_accepted(deployment: Deployment) -> None:
    client = MlflowClient(deployment.server.url)
    until(lambda: is_connected(deployment.server), "the server's connection to the bus")
    with watching(deployment.hub) as watcher:
        run_id = client.create_run("0").info.run_id
        for step in range(5):
            client.log_metric(run_id, "m", float(step), step=step)
        while len(watcher.points()) < 5:
            watcher.read()
    assert watcher.points() == [("m", float(step), step) for step in range(5)]
    latest = httpx.get(f"{deployment.hub.url}/api/metrics/latest?run_id={run_id}").json()
    assert latest["other"] == {"m": 4.0}


def test_a_hub_does_not_serve_mlflow(deployment: Deployment) -> None:
    answer = httpx.post(f"{deployment.hub.url}/api/2.0/mlflow/runs/search", json={})
    assert answer.status_code == 404
    assert answer.json()["error_code"] == "NOT_FOUND"


def test_an_outage_of_the_bus_affects_no_run_and_ends_with_a_new_snapshot(
    deployment: Deployment,
) -> None:
    client = MlflowClient(deployment.server.url)
    until(lambda: is_connected(deployment.server), "the server's connection to the bus")
    with watching(deployment.hub) as watcher:
        run_id = client.create_run("0").info.run_id
        client.log_metric(run_id, "m", 0.0, step=0)
        while len(watcher.points()) < 1:
            watcher.read()
        deployment.stop_bus()
        client.log_metric(run_id, "m", 1.0, step=1)
        assert not is_connected(deployment.server)
        deployment.start_bus()
        while (message := watcher.read())["type"] != "initial_state":
            pass
        assert message["recovered"] is False
        assert message["epoch"] != watcher.first[0]["epoch"]
        until(lambda: is_connected(deployment.server), "the server's connection to the bus")
        client.log_metric(run_id, "m", 2.0, step=2)
        seen = [snapshot["step"] for snapshot in message["history"]]
        while 2 not in seen:
            message = watcher.read()
            seen += [point["step"] for point in message.get("points", [])]
    # Step 1 waited in the server. If it arrives after the snapshot was read, it comes twice.
    assert list(dict.fromkeys(seen)) == [0, 1, 2]
