"""A training loop as another language would write it, with nothing but a WebSocket; and who commands it."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from mlflow import MlflowClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.waiting import until

DEADLINE_S = 60.0


def new_run(url: str) -> str:
    return str(MlflowClient(url).create_run("0").info.run_id)


def link_url(url: str, run_id: str) -> str:
    return f"{url.replace('http', 'ws', 1)}/api/v1/runs/{run_id}/control"


class RawLoop:
    """Says what the test has it say, and keeps what it was told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def told(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.connection.recv(DEADLINE_S))
        return message

    def command(self) -> tuple[str, int]:
        told = self.told()
        return told["desired"], told["command_id"]

    def say(self, observed: str, command_id: int | None = None, **more: object) -> None:
        said = {"observed": observed, "command_id": command_id, **more}
        self.connection.send(json.dumps(said))

    def say_heard(self, observed: str, command_id: int, **more: object) -> dict[str, Any]:
        """The acknowledgement."""
        self.say(observed, command_id, number=77, **more)
        while (told := self.told())["heard"] != 77:
            pass
        return told


@contextmanager
def raw_loop(url: str, run_id: str, **options: Any) -> Iterator[RawLoop]:
    """Its first command is still to be read."""
    with connect(link_url(url, run_id), compression=None, **options) as connection:
        yield RawLoop(connection)


@contextmanager
def training(url: str, run_id: str) -> Iterator[RawLoop]:
    """A loop that trains already."""
    with raw_loop(url, run_id) as loop:
        _, command_id = loop.command()
        loop.say_heard("training", command_id, step=3)
        yield loop


def close_code(loop: RawLoop) -> int:
    """Once it is closed; what is said before that does not matter."""
    with suppress(ConnectionClosed):
        for _ in loop.connection:
            pass
    assert loop.connection.close_code is not None
    return loop.connection.close_code


def post(url: str, action: str, run_id: str, **asked: object) -> httpx.Response:
    asked = {"timeout_s": 0, **asked}
    path = f"{url}/api/training/{action}"
    return httpx.post(path, params={"run_id": run_id}, json=asked, timeout=120)


@contextmanager
def posting(
    url: str, action: str, run_id: str, **asked: object
) -> Iterator[Future[httpx.Response]]:
    """A command that waits for its answer while inside."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(post, url, action, run_id, **{"timeout_s": DEADLINE_S, **asked})


def answer(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def audit(url: str, run_id: str) -> list[dict[str, Any]]:
    """Oldest first."""
    response = httpx.get(f"{url}/api/training/{run_id}/commands", params={"limit": 1000})
    lines: list[dict[str, Any]] = response.raise_for_status().json()
    return lines[::-1]


def outcomes(url: str, run_id: str) -> list[tuple[str, str]]:
    return [(line["action"], line["outcome"]) for line in audit(url, run_id)]


def tags(url: str, run_id: str) -> tuple[str | None, str | None]:
    """What MLflow's users see: status and message."""
    found = MlflowClient(url).get_run(run_id).data.tags
    return found.get("fovea.status"), found.get("fovea.message")


def mlflow_status(url: str, run_id: str) -> str:
    return str(MlflowClient(url).get_run(run_id).info.status)


def shown_status(url: str, run_id: str) -> str:
    runs = httpx.get(f"{url}/api/runs", params={"limit": 1000}).raise_for_status().json()
    return next(str(run["status"]) for run in runs if run["run_id"] == run_id)


def until_status(url: str, run_id: str, status: str) -> None:
    until(lambda: tags(url, run_id)[0] == status, f"the run is {status}")


OBEYING = {"running": "training", "paused": "paused", "stopped": "stopping"}


@contextmanager
def obedient(url: str, run_id: str) -> Iterator[None]:
    """A loop that does at once whatever it is told, but never ends."""
    with training(url, run_id) as loop, ThreadPoolExecutor(1) as obeying:
        obeying.submit(_obey, loop)
        yield
        loop.connection.close()


def _obey(loop: RawLoop) -> None:
    with suppress(ConnectionClosed):
        for told in map(json.loads, loop.connection):
            loop.say(OBEYING[told["desired"]], told["command_id"])
