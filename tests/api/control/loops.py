"""A training loop that knows only the control link's messages, and the requests of those that command it."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import Any

import httpx
from mlflow import MlflowClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.servers import Server
from tests.waiting import until
from tracking_plugin.control_secret import LINK_HEADER

DEADLINE_S = 60.0


def new_run(url: str) -> str:
    return str(MlflowClient(url).create_run("0").info.run_id)


def link_url(url: str, run_id: str) -> str:
    return f"{url.replace('http', 'ws', 1)}/api/v1/runs/{run_id}/control"


class RawLoop:
    """One control link, without a client library."""

    def __init__(self, connection: ClientConnection, secret: str = "") -> None:
        self.connection = connection
        self.secret = secret

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.connection.recv(DEADLINE_S))
        # Only the first message to a new program has one.
        self.secret = message.pop("secret", self.secret)
        return message

    def command(self) -> tuple[str, int]:
        message = self.receive()
        return message["desired"], message["command_id"]

    def report(self, observed: str, command_id: int | None = None, **more: object) -> None:
        message = {"observed": observed, "command_id": command_id, **more}
        self.connection.send(json.dumps(message))

    def report_acknowledged(self, observed: str, command_id: int, **more: object) -> dict[str, Any]:
        """Report, and return the server's acknowledgement."""
        self.report(observed, command_id, number=77, **more)
        while (message := self.receive())["heard"] != 77:
            pass
        return message


@contextmanager
def raw_loop(url: str, run_id: str, *, secret: str = "", **options: Any) -> Iterator[RawLoop]:
    """A link whose first command is not received yet."""
    headers = dict(options.pop("additional_headers", {}))
    if secret:
        headers[LINK_HEADER] = secret
    with connect(
        link_url(url, run_id), compression=None, additional_headers=headers, **options
    ) as connection:
        yield RawLoop(connection, secret)


@contextmanager
def training(url: str, run_id: str, *, secret: str = "") -> Iterator[RawLoop]:
    """A link that has reported that it trains."""
    with raw_loop(url, run_id, secret=secret) as loop:
        _, command_id = loop.command()
        loop.report_acknowledged("training", command_id, step=3)
        yield loop


def close_code(loop: RawLoop) -> int:
    """Wait until the link is closed, ignoring messages; returns its close code."""
    with suppress(ConnectionClosed):
        for _ in loop.connection:
            pass
    assert loop.connection.close_code is not None
    return loop.connection.close_code


def post(url: str, action: str, run_id: str, **body: object) -> httpx.Response:
    body = {"timeout_s": 0, **body}
    path = f"{url}/api/training/{action}"
    return httpx.post(path, params={"run_id": run_id}, json=body, timeout=120)


@contextmanager
def posting(url: str, action: str, run_id: str, **body: object) -> Iterator[Future[httpx.Response]]:
    """While inside, a command waits for its response."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(post, url, action, run_id, **{"timeout_s": DEADLINE_S, **body})


def answer(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def audit(url: str, run_id: str) -> list[dict[str, Any]]:
    """Oldest first."""
    response = httpx.get(f"{url}/api/training/{run_id}/commands", params={"limit": 1000})
    entries: list[dict[str, Any]] = response.raise_for_status().json()
    return entries[::-1]


def outcomes(url: str, run_id: str) -> list[tuple[str, str]]:
    return [(entry["action"], entry["outcome"]) for entry in audit(url, run_id)]


def pass_time(server: Server, run_id: str, elapsed_ms: int) -> None:
    """Move the run's last heartbeat that far into the past."""
    with closing(sqlite3.connect(server.data_dir / "mlflow.db", timeout=30)) as database, database:
        database.execute(
            "UPDATE fovea_controlled_runs SET heartbeat_ms = heartbeat_ms - ? WHERE run_id = ?",
            (elapsed_ms, run_id),
        )


def tags(url: str, run_id: str) -> tuple[str | None, str | None]:
    """The status and the message that MLflow shows."""
    found = MlflowClient(url).get_run(run_id).data.tags
    return found.get("fovea.status"), found.get("fovea.message")


def mlflow_status(url: str, run_id: str) -> str:
    return str(MlflowClient(url).get_run(run_id).info.status)


def shown_status(url: str, run_id: str) -> str:
    runs = httpx.get(f"{url}/api/runs", params={"limit": 1000}).raise_for_status().json()
    return next(str(run["status"]) for run in runs if run["run_id"] == run_id)


def until_status(url: str, run_id: str, status: str) -> None:
    until(lambda: tags(url, run_id)[0] == status, f"the run is {status}")


ACKNOWLEDGING = {"running": "training", "paused": "paused", "stopped": "stopping"}


@contextmanager
def acknowledging_loop(url: str, run_id: str) -> Iterator[None]:
    """A link that acknowledges each command at once and never ends."""
    with training(url, run_id) as loop, ThreadPoolExecutor(1) as thread:
        thread.submit(_acknowledge, loop)
        yield
        loop.connection.close()


def _acknowledge(loop: RawLoop) -> None:
    with suppress(ConnectionClosed):
        for command in map(json.loads, loop.connection):
            loop.report(ACKNOWLEDGING[command["desired"]], command["command_id"])
