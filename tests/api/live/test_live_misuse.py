"""Mistakes and overload by clients of `/ws` are answered and do not affect others."""

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.ports import LOOPBACK
from tests.servers import Server, fovea_server
from tests.waiting import until

DEADLINE_S = 20.0


def live_url(server: Server, query: str = "") -> str:
    return f"{server.url.replace('http', 'ws', 1)}/ws{query}"


@contextmanager
def socket_to(server: Server, query: str = "", **options: Any) -> Iterator[ClientConnection]:
    with connect(live_url(server, query), compression=None, **options) as live:
        yield live


def next_message(socket: ClientConnection) -> dict[str, Any]:
    """The next message; fails for NaN and Infinity, which standard JSON does not have."""
    message: dict[str, Any] = json.loads(socket.recv(DEADLINE_S), parse_constant=pytest.fail)
    return message


def next_answer(socket: ClientConnection) -> dict[str, Any]:
    """The next message that no run has caused: runs of other tests may change at the same time."""
    while (message := next_message(socket))["type"].endswith("_update"):
        pass
    return message


def a_run(server: Server) -> str:
    return str(MlflowClient(server.url).create_run("0").info.run_id)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "{}",
        "[]",
        "null",
        '"ping"',
        "1" * 5000,
        '{"type": "shout"}',
        '{"type": 7}',
        '{"type": "subscribe", "run_id": 7}',
        '{"type": "subscribe", "run_id": ["a"]}',
        b"\xff\x00",
        "[" * 10_000,
    ],
)
def test_an_invalid_message_gets_an_error_and_the_socket_stays_open(
    server: Server, text: str | bytes
) -> None:
    with socket_to(server) as live:
        next_message(live)
        live.send(text)
        answer = next_answer(live)
        assert answer["type"] == "error"
        assert answer["error_code"] == "VALIDATION_ERROR"
        assert "was expected" in answer["error"]
        live.send('{"type": "ping"}')
        assert next_answer(live)["type"] == "pong"


def test_a_message_over_64_kib_closes_the_socket(server: Server) -> None:
    with socket_to(server) as live:
        next_message(live)
        live.send(json.dumps({"type": "ping", "padding": "x" * 65_536}))
        with pytest.raises(ConnectionClosed) as closed:
            next_message(live)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize("run_id", ["0" * 32, "nothing", "../..", "%00", "x" * 2000])
def test_an_unknown_run_gets_an_error_and_the_socket_stays_open(
    server: Server, run_id: str
) -> None:
    with socket_to(server, f"?run_id={run_id}") as live:
        answer = next_message(live)
        assert (answer["type"], answer["error_code"]) == ("error", "NOT_FOUND")
        known = a_run(server)
        live.send(json.dumps({"type": "subscribe", "run_id": known}))
        assert next_message(live)["run_id"] == known


def test_a_subscription_to_an_unknown_run_keeps_the_previous_one(server: Server) -> None:
    run_id = a_run(server)
    with socket_to(server, f"?run_id={run_id}") as live:
        next_message(live)
        live.send('{"type": "subscribe", "run_id": "nothing"}')
        assert next_message(live)["error_code"] == "NOT_FOUND"
        MlflowClient(server.url).log_metric(run_id, "m", 1.0)
        assert next_message(live)["points"][0]["metric"] == "m"


@pytest.mark.parametrize(
    "since",
    ["another-life:3", "", "7", ":", "a:b", "x:-1", "é:1", "a:" + "9" * 30, "a" * 99 + ":1"],
)
def test_an_invalid_position_gets_a_new_snapshot(server: Server, since: str) -> None:
    with socket_to(server, f"?since={since}") as live:
        first = next_message(live)
        assert (first["type"], first["recovered"]) == ("initial_state", False)


def test_a_position_after_the_end_gets_a_new_snapshot(server: Server) -> None:
    with socket_to(server) as live:
        first = next_message(live)
    with socket_to(server, f"?since={first['epoch']}:{first['offset'] + 1000}") as live:
        assert next_message(live)["recovered"] is False


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}]
)
def test_foreign_origins_and_hosts_are_not_admitted(
    server: Server, headers: dict[str, str]
) -> None:
    with (
        pytest.raises(ConnectionClosed) as closed,
        socket_to(server, **_connect_options(headers)) as live,
    ):
        next_message(live)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def _connect_options(headers: dict[str, str]) -> dict[str, Any]:
    origin = {"origin": headers["Origin"]} if "Origin" in headers else {}
    return {**origin, "additional_headers": {k: v for k, v in headers.items() if k != "Origin"}}


def test_values_that_are_not_finite_arrive_as_null_with_their_kind(server: Server) -> None:
    run_id = a_run(server)
    client = MlflowClient(server.url)
    with socket_to(server, f"?run_id={run_id}") as live:
        next_message(live)
        for step, value in enumerate([float("nan"), float("inf"), float("-inf"), 1.0]):
            client.log_metric(run_id, "train/loss", value, step=step)
        updates = []
        while len(updates) < 4:
            message = next_message(live)
            updates += [message] if message["type"] == "metrics_update" else []
    values = [(m["points"][0]["value"], m["points"][0]["not_finite"]) for m in updates]
    assert values == [(None, "NaN"), (None, "Infinity"), (None, "-Infinity"), (1.0, None)]
    assert updates[0]["metrics"]["loss"]["train"] is None
    assert updates[0]["metrics"]["not_finite"] == {"train/loss": "NaN"}
    assert updates[3]["metrics"]["not_finite"] == {}
    with socket_to(server, f"?run_id={run_id}") as live:
        history = next_message(live)["history"]
    assert [snapshot["metrics"]["not_finite"].get("train/loss") for snapshot in history] == [
        "NaN", "Infinity", "-Infinity", None,
    ]  # fmt: skip


def test_a_tag_of_10_mb_arrives_as_mlflow_stores_it(server: Server) -> None:
    run_id = a_run(server)
    tag = {"run_id": run_id, "key": "fovea.message", "value": "x" * 10_000_000}
    with socket_to(server, f"?run_id={run_id}") as live:
        next_message(live)
        httpx.post(f"{server.url}/api/2.0/mlflow/runs/set-tag", json=tag).raise_for_status()
        kept = MlflowClient(server.url).get_run(run_id).data.tags["fovea.message"]
        assert next_message(live)["status"]["message"] == kept
    assert len(kept) == 8000


def test_a_client_that_never_reads_does_not_delay_others(server: Server) -> None:
    run_id = a_run(server)
    client = MlflowClient(server.url)
    metrics = {f"a metric with a rather long name {number}": 0.5 for number in range(900)}
    with (
        _socket_that_never_reads(server),
        socket_to(server, f"?run_id={run_id}", max_size=None) as live,
    ):
        next_message(live)
        for step in range(20):
            client.log_batch(run_id, _metrics(metrics, step))
            steps = []
            while steps != [step]:
                message = next_message(live)
                if message["type"] == "metrics_update":
                    steps = list({point["step"] for point in message["points"]})


def _metrics(values: dict[str, float], step: int) -> list[Any]:

    return [Metric(name, value, step + 1, step) for name, value in values.items()]


def test_a_client_that_never_reads_does_not_prevent_a_clean_shutdown(tmp_path: Path) -> None:
    with fovea_server(tmp_path / "data") as server:
        run_id = a_run(server)
        metrics = {f"a metric with a rather long name {number}": 0.5 for number in range(900)}
        with _socket_that_never_reads(server):
            for step in range(15):
                MlflowClient(server.url).log_batch(run_id, _metrics(metrics, step))
            assert server.stop() == 0


@contextmanager
def _socket_that_never_reads(server: Server) -> Iterator[None]:
    """A socket that reads nothing after its handshake."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((LOOPBACK, server.port))
        connection.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {LOOPBACK}:{server.port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\n\r\n".encode()
        )
        yield


def test_sockets_beyond_the_limit_are_closed_and_leave_nothing_behind(tmp_path: Path) -> None:
    most, crowd = 50, 5000
    with fovea_server(tmp_path / "data", environment={"FOVEA_MAX_SOCKETS": str(most)}) as server:
        codes = asyncio.run(_connect_at_once(server, crowd))
        assert codes.count(None) == most
        assert codes.count(4429) == crowd - most

        def is_empty() -> bool:
            return bool(httpx.get(f"{server.url}/api/health").json()["num_sockets"] == 0)

        until(is_empty, "the end of all sockets")
        with socket_to(server) as live:
            assert next_message(live)["type"] == "initial_state"


async def _connect_at_once(server: Server, num_clients: int) -> list[int | None]:
    """The close code of each client, or None if it was admitted and stayed until all had connected."""
    all_connected = asyncio.Event()
    num_connected = 0
    # The number of connections that a machine opens at once; the server gets them without a pause.
    opening = asyncio.Semaphore(200)

    async def connect() -> int | None:
        nonlocal num_connected
        async with opening:
            socket = await connect_async(live_url(server), compression=None, open_timeout=60)
            code = None
            try:
                await asyncio.wait_for(socket.recv(), 60)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else -1
            num_connected += 1
            if num_connected == num_clients:
                all_connected.set()
        await all_connected.wait()
        await socket.close()
        return code

    return list(await asyncio.gather(*(connect() for _ in range(num_clients))))


def test_a_killed_server_returns_with_a_new_epoch(tmp_path: Path) -> None:
    with fovea_server(tmp_path / "data") as server:
        run_id = a_run(server)
        with socket_to(server) as live:
            first = next_message(live)
        server.stop(signal.SIGKILL)
    with fovea_server(tmp_path / "data") as server:
        MlflowClient(server.url).log_metric(run_id, "m", 3.0)
        with socket_to(server, f"?since={first['epoch']}:{first['offset']}") as live:
            again = next_message(live)
    assert again["recovered"] is False
    assert again["epoch"] != first["epoch"]
    assert again["metrics"]["other"] == {"m": 3.0}
