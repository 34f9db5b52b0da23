"""A plain `mlflow server`, and a comparison of its responses with those of Fovea."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.mlflow_database import new_store
from tests.ports import LOOPBACK, free_port
from tests.servers import START_DEADLINE_S, STOP_DEADLINE_S
from tests.waiting import until

# Headers that differ between any two servers, and the one that Fovea adds to every response.
_OWN_HEADERS = {"date", "etag", "last-modified", "x-request-id"}
_ID = re.compile(rb"[0-9a-f]{32}")
_MOMENT = re.compile(rb"\b1[0-9]{12}\b")
# Both servers get the same host name, which some responses repeat.
_HOST = "localhost:5000"

# Some responses list a set, whose order differs between processes otherwise.
SAME_ORDER = {"PYTHONHASHSEED": "0"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request; `{run}` in its path or body stands for a value that an earlier step stored as `run`."""

    name: str
    method: str
    path: str
    body: bytes | None = None
    is_chunked: bool = False
    """Sent in chunks, without a Content-Length."""
    headers: Mapping[str, str] = field(default_factory=dict)
    keeps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By name, the path of the value in the response."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The response, without the parts that differ between servers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@contextmanager
def plain_mlflow_server(directory: Path, *options: str) -> Iterator[str]:
    """Runs an `mlflow server` that stores its data as Fovea's server does, and yields its URL."""
    port = free_port()
    directory.mkdir(parents=True)
    store = new_store(directory)
    log = directory / "server.log"
    command = [sys.executable, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", str(port)]
    stores = [
        *("--backend-store-uri", store),
        *("--artifacts-destination", (directory / "artifacts").as_uri()),
    ]
    # `fovea serve` sets these options, too.
    environment = {
        **os.environ,
        **SAME_ORDER,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--workers", "1", *stores, *options],
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            # With a prefix the response is 404, which is a response as well.
            return httpx.get(f"http://{LOOPBACK}:{port}/health", timeout=10).status_code < 500
        except httpx.TransportError:
            return False

    try:
        until(answers, f"MLflow's answer; {log}", START_DEADLINE_S)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.terminate()
        process.wait(STOP_DEADLINE_S)


def converse(url: str, steps: list[Step], base: str) -> dict[str, Answer]:
    """The responses to all steps in order, by name; `base` is stored from the start."""
    kept = {"base": base}
    ids: dict[bytes, bytes] = {}
    answers: dict[str, Answer] = {}
    with httpx.Client(timeout=60) as client:
        for step in steps:
            response = _ask(client, url, step, kept)
            kept.update(_kept(step, response))
            answers[step.name] = _comparable(response, ids)
    return answers


def _ask(client: httpx.Client, url: str, step: Step, kept: Mapping[str, str]) -> httpx.Response:
    path, body = step.path, step.body
    for name, value in kept.items():
        path = path.replace(f"{{{name}}}", value)
        body = body and body.replace(f"{{{name}}}".encode(), value.encode())
    headers = {"Host": _HOST, "Accept-Encoding": "identity", **step.headers}
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    content = _pieces(body) if body and step.is_chunked else body
    return client.request(step.method, f"{url}{path}", content=content, headers=headers)


def _pieces(body: bytes) -> Iterator[bytes]:
    size = len(body) // 7 + 1
    return (body[start : start + size] for start in range(0, len(body), size))


def _kept(step: Step, response: httpx.Response) -> dict[str, str]:
    return {name: _value_at(response, place) for name, place in step.keeps.items()}


def _value_at(response: httpx.Response, place: tuple[str, ...]) -> str:
    if not response.headers.get("content-type", "").startswith("application/json"):
        return "nothing"
    value: Any = response.json()
    for part in place:
        value = value.get(part, {})
    return value if isinstance(value, str) else "nothing"


def _comparable(response: httpx.Response, ids: dict[bytes, bytes]) -> Answer:
    def named(found: re.Match[bytes]) -> bytes:
        return ids.setdefault(found[0], b"<id %d>" % len(ids))

    headers = [
        (name, _ID.sub(named, value.encode()).decode())
        for name, value in response.headers.multi_items()
        if name not in _OWN_HEADERS
    ]
    body = _MOMENT.sub(b"<moment>", _ID.sub(named, response.content))
    return Answer(status=response.status_code, headers=headers, body=body)
