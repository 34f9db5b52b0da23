"""A run that is well gets its alerts, its live messages and its pages in time, whatever other clients send."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities import Metric
from websockets.sync.client import ClientConnection, connect

from tests.api.hostile_requests import ACTS, Act, HostileClient
from tests.servers import Server, fovea_server

PROMPT_S = 10.0
"""Far above what a push or a page takes, and far below what a frozen server takes."""
ACTS_PER_ROUND = 25
NUM_PHASES = 3
ALERT_OF_PHASE = {0: ("firing",), 2: ("resolved",)}
"""An alert begins at once, and ends after two good evaluations."""
NUM_CLIENTS = 4


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("attacked") / "data") as server:
        yield server


class HealthyRun:
    """A training whose sensitivity falls below its minimum in every third step."""

    def __init__(self, server: Server, socket: ClientConnection, run_id: str) -> None:
        self._server = server
        self._socket = socket
        self._client = MlflowClient(server.url)
        self.run_id = run_id
        self.step = 0

    def take_step(self) -> None:
        """Log a step; its points and its alert must arrive, and the pages answer, in time."""
        self.step += 1
        phase = (self.step - 1) % NUM_PHASES
        values = {
            "train/loss": 1 / self.step,
            "critical/RAO": 0.5 if phase == 0 else 1.0,
            "critical_support/RAO": 50,
        }
        now_ms = int(time.time() * 1000)
        points = [Metric(name, value, now_ms, self.step) for name, value in values.items()]
        self._client.log_batch(self.run_id, points)
        self._receive_all({"metrics_update", *ALERT_OF_PHASE.get(phase, ())})
        self._read_pages()

    def _receive_all(self, expected: set[str]) -> None:
        """Wait for the messages about this step, in any order."""
        deadline = time.monotonic() + PROMPT_S
        missing = set(expected)
        while missing:
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"step {self.step}: {missing} not within {PROMPT_S:.0f} s"
            message = json.loads(self._socket.recv(left_s))
            missing.discard(self._kind(message))

    def _kind(self, message: dict[str, Any]) -> str:
        if message["type"] == "metrics_update":
            is_of_step = any(point["step"] == self.step for point in message.get("points", ()))
            return "metrics_update" if is_of_step else ""
        if message["type"] == "critical_alert" and message["alert"]["condition"] == "RAO":
            return str(message["alert"]["state"])
        return ""

    def _read_pages(self) -> None:
        query = {"run_id": self.run_id}
        for path in ("/api/metrics/latest", "/api/alerts", "/api/epochs", "/api/health"):
            answer = httpx.get(f"{self._server.url}{path}", params=query, timeout=PROMPT_S)
            assert answer.status_code == 200, f"{path}: {answer.text}"
        page = httpx.get(f"{self._server.url}/monitor/", timeout=PROMPT_S)
        assert page.status_code in (200, 503), "503 where the pages are not built"


@contextmanager
def healthy_run(server: Server) -> Iterator[HealthyRun]:
    run_id = str(MlflowClient(server.url).create_run("0").info.run_id)
    url = f"{server.url.replace('http', 'ws', 1)}/ws?run_id={run_id}"
    with connect(url, compression=None) as socket:
        yield HealthyRun(server, socket, run_id)


@pytest.mark.parametrize("num_acts", [400, pytest.param(5000, marks=pytest.mark.soak)])
def test_a_healthy_run_is_served_in_time_beside_hostile_clients(
    attacked: Server, num_acts: int
) -> None:
    with (
        ExitStack() as opened,
        healthy_run(attacked) as healthy,
        ThreadPoolExecutor(NUM_CLIENTS) as pool,
    ):
        clients = [
            opened.enter_context(closing(HostileClient(attacked.port))) for _ in range(NUM_CLIENTS)
        ]

        @settings(
            max_examples=num_acts // ACTS_PER_ROUND,
            suppress_health_check=list(HealthCheck),
            database=None,
            # Requests that were too much once need not be too much again, so none are sought.
            phases=[Phase.generate],
        )
        @given(st.lists(ACTS, min_size=ACTS_PER_ROUND, max_size=ACTS_PER_ROUND))
        def attack(acts: list[Act]) -> None:
            sent = [pool.submit(act, clients[i % NUM_CLIENTS]) for i, act in enumerate(acts)]
            healthy.take_step()
            for each in sent:
                each.result()
            healthy.take_step()

        attack()

        assert attacked.process.poll() is None
        for client in clients:
            for run_id in client.run_ids[-5:]:
                for path in ("/api/metrics/latest", "/api/epochs", "/api/alerts"):
                    answer = client.http.get(path, params={"run_id": run_id})
                    assert answer.status_code < 500, f"{path} of a hostile run: {answer.text}"
