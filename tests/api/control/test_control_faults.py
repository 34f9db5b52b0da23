"""Killed servers, cut networks and unreachable databases: no command is lost, and none is invented."""

import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from websockets.exceptions import InvalidStatus

from api.control.silence import SILENT_MESSAGE
from tests.api.control.loops import (
    DEADLINE_S,
    answer,
    close_code,
    mlflow_status,
    new_run,
    outcomes,
    pass_time,
    post,
    posting,
    raw_loop,
    shown_status,
    tags,
    training,
    until_status,
)
from tests.postgres import Postgres, postgres_server
from tests.proxy import TcpProxy
from tests.servers import Server, fovea_server
from tests.valkey import Valkey, valkey
from tests.waiting import until
from tracking_plugin import control_link
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Observed

FIVE_MINUTES_MS = 300_000


class Loop:
    """A training in this process that uses RunControl."""

    def __init__(self, run_id: str, tracking_uri: str) -> None:
        self._control = RunControl(run_id, tracking_uri=tracking_uri)
        self._thread = threading.Thread(target=self._train, daemon=True)
        self._has_left = threading.Event()
        self._is_listening = threading.Event()
        self.step = 0

    def __enter__(self) -> "Loop":
        """Return once the server knows that the loop listens: it refuses commands before."""
        self._thread.start()
        assert self._is_listening.wait(DEADLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        # Where the test has failed, nothing else stops the training.
        self._has_left.set()
        self._thread.join(DEADLINE_S)

    def goes_on(self) -> bool:
        """Whether it takes more steps."""
        step = self.step
        until(lambda: self.step > step + 2, "more steps")
        return True

    def _train(self) -> None:
        with self._control as control:
            number = control.report(Observed.TRAINING, step=0)
            if control.wait_acknowledged(number, DEADLINE_S):
                self._is_listening.set()
            while not (control.should_stop(self.step) or self._has_left.wait(0.01)):
                self.step += 1


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that detects a dead network within moments."""
    for name in ("HEARTBEAT_S", "FIRST_RETRY_DELAY_S", "MAX_RETRY_DELAY_S", "CLOSE_TIMEOUT_S"):
        monkeypatch.setattr(control_link, name, 0.2)
    monkeypatch.setattr(control_link, "OPEN_TIMEOUT_S", 2.0)


def test_a_command_accepted_before_the_server_was_killed_reaches_the_run(
    tmp_path: Path,
) -> None:
    with fovea_server(tmp_path / "data") as server:
        run_id = new_run(server.url)
        with (
            TcpProxy(server.port) as proxy,
            training(proxy.url, run_id) as killed,
            proxy.stalled(),
        ):
            taken = answer(post(server.url, "pause", run_id))
            assert not taken["acknowledged"]
            server.kill()
    with fovea_server(tmp_path / "data") as server:
        assert outcomes(server.url, run_id) == [("pause", "pending")]
        with raw_loop(server.url, run_id) as other:
            assert close_code(other) == 4423, "the program has time to come back"
        with raw_loop(server.url, run_id, secret=killed.secret) as loop:
            assert loop.command() == ("paused", 1)
            loop.report_acknowledged("paused", 1)
        assert outcomes(server.url, run_id) == [("pause", "done")]
        assert tags(server.url, run_id)[0] == "paused"


def test_a_run_that_ends_while_the_server_is_down_is_shown_as_ended(tmp_path: Path) -> None:
    with fovea_server(tmp_path / "data") as server:
        run_id = new_run(server.url)
        with training(server.url, run_id):
            post(server.url, "stop", run_id)
        server.kill()
    MlflowClient(f"sqlite:///{tmp_path / 'data' / 'mlflow.db'}").set_terminated(run_id, "KILLED")
    with fovea_server(tmp_path / "data") as server:
        assert post(server.url, "pause", run_id).json()["error"].startswith("The run is stopped")
        assert answer(post(server.url, "stop", run_id))["acknowledged"]


@pytest.mark.usefixtures("quick")
def test_a_command_given_while_the_network_is_cut_takes_effect_when_it_is_back(
    server: Server,
) -> None:
    run_id = new_run(server.url)
    with TcpProxy(server.port) as proxy, Loop(run_id, proxy.url) as loop:
        assert answer(post(server.url, "pause", run_id, timeout_s=DEADLINE_S))["acknowledged"]
        assert answer(post(server.url, "resume", run_id, timeout_s=DEADLINE_S))["acknowledged"]
        with proxy.stalled():
            assert loop.goes_on()
            pausing = until(lambda: paused_in_vain(server, run_id), "the run is silent")
            assert (pausing["acknowledged"], pausing["training_status"]) == (False, "pausing")
            assert loop.goes_on()
            assert tags(server.url, run_id)[0] == "pausing"
        paused = answer(post(server.url, "pause", run_id, timeout_s=DEADLINE_S))
        assert (paused["acknowledged"], paused["training_status"]) == (True, "paused")
        assert paused["step"] == loop.step
        assert answer(post(server.url, "stop", run_id, timeout_s=DEADLINE_S))["acknowledged"]
    until(lambda: mlflow_status(server.url, run_id) == "KILLED", "the run is ended")


def paused_in_vain(server: Server, run_id: str) -> dict[str, Any] | None:
    """The response after five minutes without a heartbeat, unless one was still in flight."""
    pass_time(server, run_id, FIVE_MINUTES_MS)
    response = answer(post(server.url, "pause", run_id))
    return response if "the run is silent" in response["message"] else None


@pytest.mark.usefixtures("quick")
def test_a_silent_run_is_shown_as_silent_until_its_next_report(server: Server) -> None:
    run_id = new_run(server.url)
    with TcpProxy(server.port) as proxy, Loop(run_id, proxy.url) as loop:
        assert answer(post(server.url, "pause", run_id, timeout_s=DEADLINE_S))["acknowledged"]
        assert answer(post(server.url, "resume", run_id, timeout_s=DEADLINE_S))["acknowledged"]
        with proxy.stalled():
            assert loop.goes_on()
            until(lambda: says_silent(server, run_id), "the run is silent", DEADLINE_S)
            assert tags(server.url, run_id)[0] == "training"
        until(lambda: tags(server.url, run_id)[1] == "", "the message is gone", DEADLINE_S)
        post(server.url, "stop", run_id)


def says_silent(server: Server, run_id: str) -> bool:
    """Whether MLflow shows the message, after five minutes without a heartbeat."""
    pass_time(server, run_id, FIVE_MINUTES_MS)
    return tags(server.url, run_id)[1] == SILENT_MESSAGE


@pytest.mark.parametrize("skew_s", [-5 * 3600, 5 * 3600])
def test_a_clock_that_is_hours_off_changes_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, skew_s: float
) -> None:
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + skew_s)
    run_id = new_run(server.url)
    with Loop(run_id, server.url):
        paused = answer(post(server.url, "pause", run_id, timeout_s=DEADLINE_S))
        assert (paused["acknowledged"], paused["training_status"]) == (True, "paused")
        assert "silent" not in answer(post(server.url, "resume", run_id))["message"]
        assert answer(post(server.url, "stop", run_id, timeout_s=DEADLINE_S))["acknowledged"]


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with valkey(tmp_path_factory.mktemp("valkey")) as bus:
        yield bus


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, bus: Valkey
) -> Iterator[tuple[Server, Server]]:
    """Two servers of one installation, started at the same moment on an empty database."""
    folder = tmp_path_factory.mktemp("pair")
    options = ("--", "--backend-store-uri", postgres.new_database())
    environment = {"FOVEA_BUS_URL": bus.url}
    with (
        fovea_server(folder / "one", *options, environment=environment) as one,
        fovea_server(folder / "two", *options, environment=environment) as two,
    ):
        yield one, two


def test_a_command_to_one_server_reaches_the_link_at_another(pair: tuple[Server, Server]) -> None:
    one, two = pair
    run_id = new_run(one.url)
    with training(one.url, run_id) as loop:
        with posting(two.url, "pause", run_id) as posted:
            assert loop.command() == ("paused", 1)
            loop.report("paused", 1, step=9)
            paused = answer(posted.result())
        assert (paused["acknowledged"], paused["step"]) == (True, 9)
        MlflowClient(one.url).set_terminated(run_id, "FINISHED")
        until(lambda: post(two.url, "stop", run_id).status_code == 409, "the end is known")
    assert tags(two.url, run_id)[0] == "completed"


def test_two_servers_agree_which_program_holds_the_link(pair: tuple[Server, Server]) -> None:
    one, two = pair
    run_id = new_run(one.url)
    with training(one.url, run_id) as loop:
        with raw_loop(two.url, run_id) as other:
            assert close_code(other) == 4423
        with training(two.url, run_id, secret=loop.secret) as again:
            post(one.url, "pause", run_id)
            assert again.command() == ("paused", 1)


def test_commands_to_two_servers_at_once_end_in_one_consistent_state(
    pair: tuple[Server, Server],
) -> None:
    run_id = new_run(pair[0].url)
    with training(pair[0].url, run_id), ThreadPoolExecutor(8) as people:
        list(
            people.map(
                lambda number: post(
                    pair[number % 2].url, ("pause", "resume")[number % 4 // 2], run_id
                ),
                range(40),
            )
        )
        last = answer(post(pair[1].url, "pause", run_id))["training_status"]
        assert last == "pausing"
        until_status(pair[0].url, run_id, last)
    assert {shown_status(server.url, run_id) for server in pair} == {last}
    assert len(outcomes(pair[0].url, run_id)) == 41
    came = [outcome for _, outcome in outcomes(pair[0].url, run_id)]
    assert came[-1] == "pending"
    # Commands that changed nothing were done at once.
    assert set(came) <= {"superseded", "pending", "done"}


def test_without_the_bus_a_run_receives_a_command_after_its_next_report(
    pair: tuple[Server, Server], bus: Valkey
) -> None:
    one, two = pair
    run_id = new_run(one.url)
    with training(one.url, run_id) as loop:
        with bus.frozen():
            answer(post(two.url, "pause", run_id))
            assert loop.report_acknowledged("training", 0)["desired"] == "paused"
        loop.report_acknowledged("paused", 1)
        assert outcomes(two.url, run_id) == [("pause", "done")]


def test_a_hub_has_no_control_routes(
    pair: tuple[Server, Server], tmp_path: Path, bus: Valkey
) -> None:
    environment = {"FOVEA_BUS_URL": bus.url}
    with fovea_server(tmp_path / "hub", command="hub", environment=environment) as hub:
        for action in ("pause", "resume", "stop"):
            assert post(hub.url, action, "0" * 32).status_code == 404
        assert httpx.get(f"{hub.url}/api/training/{'0' * 32}/commands").status_code == 404
        with pytest.raises(InvalidStatus), raw_loop(hub.url, "0" * 32):
            pass


@pytest.fixture
def database_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="fovea-postgres-") as folder:
        yield Path(folder)


def test_without_its_database_the_server_responds_503_and_recovers_when_it_is_back(
    tmp_path: Path, database_folder: Path
) -> None:
    folder = database_folder
    with postgres_server(folder) as postgres:
        options = ("--", "--backend-store-uri", postgres.new_database())
        server_running = fovea_server(tmp_path / "data", *options)
        server = server_running.__enter__()
        run_id = new_run(server.url)
        link = training(server.url, run_id)
        loop = link.__enter__()
    try:
        response = post(server.url, "pause", run_id)
        assert (response.status_code, response.json()["error_code"]) == (503, "UNAVAILABLE")
        assert "postgres" not in response.text
        loop.report("training", 0)
        assert close_code(loop) == 4503
        with (
            postgres_server(folder),
            raw_loop(server.url, run_id, secret=loop.secret) as again,
        ):
            assert again.command() == ("running", 0)
            answer(post(server.url, "pause", run_id))
            assert again.command() == ("paused", 1)
    finally:
        link.__exit__(None, None, None)
        server_running.__exit__(None, None, None)


def test_a_run_of_another_workspace_cannot_be_commanded(tmp_path: Path) -> None:
    environment = {"MLFLOW_ENABLE_WORKSPACES": "true"}
    header = {"X-MLFLOW-WORKSPACE": "radiology"}
    with fovea_server(tmp_path / "data", environment=environment) as server:
        api = httpx.Client(base_url=server.url, headers=header, timeout=DEADLINE_S)
        httpx.post(
            f"{server.url}/api/3.0/mlflow/workspaces", json={"name": "radiology"}
        ).raise_for_status()
        mlflow = "/api/2.0/mlflow"
        experiment = api.post(f"{mlflow}/experiments/create", json={"name": "retinal"}).json()
        created = api.post(f"{mlflow}/runs/create", json={**experiment, "start_time": 1}).json()
        run_id = created["run"]["info"]["run_id"]
        with raw_loop(server.url, run_id) as stranger:
            assert close_code(stranger) == 4404
        with raw_loop(server.url, run_id, additional_headers=header) as loop:
            loop.command()
            assert post(server.url, "pause", run_id).status_code == 404
            path = f"/api/training/{run_id}/commands"
            assert httpx.get(f"{server.url}{path}").status_code == 404
            pause = f"/api/training/pause?run_id={run_id}"
            assert api.post(pause, json={"timeout_s": 0}).status_code == 200
            assert loop.command() == ("paused", 1)
            loop.report_acknowledged("paused", 1)
        found = api.get(f"{mlflow}/runs/get", params={"run_id": run_id}).json()["run"]["data"]
        assert {"key": "fovea.status", "value": "paused"} in found["tags"]
        assert [line["outcome"] for line in api.get(path).json()] == ["done"]
