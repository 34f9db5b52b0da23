"""A live stream over real sockets whose connections end where a test chooses."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.ports import LOOPBACK

RUN_ID = "0123456789abcdef0123456789abcdef"
TIMESTAMP = "2026-01-02T03:04:05Z"
Answer = Callable[[ServerConnection, Request], Response | None]
BREAK = 0
"""In place of a close code: the connection ends without one."""


@dataclass(frozen=True)
class Ending:
    """After how many messages a connection ends, and with which close code."""

    num_messages: int
    code: int = BREAK


@dataclass
class FakeStream:
    """Events with offsets from 1; those before `first_kept` are dropped."""

    events: list[dict[str, Any]] = field(default_factory=list)
    epoch: str = "e1"
    first_kept: int = 1
    num_repeated: int = 0
    """How many events before the requested position are sent again."""
    endings: list[Ending] = field(default_factory=list)
    """The endings of the first connections, in order; later connections stay open."""
    answers: dict[str, Any] = field(default_factory=dict)
    """The answers of GET by path prefix; other paths get a 404."""
    status: str = "training"
    metrics: dict[str, Any] = field(default_factory=dict)
    """The metrics in every initial_state."""
    requests: list[str] = field(default_factory=list)
    received: list[Any] = field(default_factory=list)
    url: str = ""

    def publish(self, *events: dict[str, Any]) -> None:
        """Add events, each with the next offset; connected clients get them too."""
        self.events += [{**event, "offset": len(self.events) + 1} for event in events]

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request.path)
        if request.path.startswith("/ws"):
            return None
        for path, body in self.answers.items():
            if request.path.startswith(path):
                return connection.respond(200, json.dumps(body))
        return connection.respond(404, "")

    def serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        ending = self.endings.pop(0) if self.endings else None
        state, offset = self._start(connection.request.path)
        with suppress(ConnectionClosed):
            if ending is None:
                connection.send(json.dumps(state))
                self._stay(connection, offset)
            messages = [state, *self.events[offset:]]
            for message in messages[: ending.num_messages if ending else 0]:
                connection.send(json.dumps(message))
            if ending is not None and ending.code != BREAK:
                connection.close(ending.code)
            else:
                connection.socket.shutdown(socket.SHUT_RDWR)

    def _start(self, path: str) -> tuple[dict[str, Any], int]:
        """The first state of a connection, and the offset after which its events follow."""
        since = parse_qs(urlsplit(path).query).get("since", [""])[0]
        epoch, _, offset = since.partition(":")
        newest = len(self.events)
        if not since:
            return self._state(0, None), 0
        if epoch != self.epoch or int(offset) + 1 < self.first_kept:
            return self._state(newest, recovered=False), newest
        return self._state(newest, recovered=True), max(0, int(offset) - self.num_repeated)

    def _state(self, offset: int, recovered: bool | None) -> dict[str, Any]:
        state = initial_state(self.epoch, offset, recovered=recovered, word=self.status)
        return {**state, "metrics": self.metrics}

    def _stay(self, connection: ServerConnection, offset: int) -> None:
        while True:
            for event in self.events[offset:]:
                connection.send(json.dumps(event))
                offset += 1
            with suppress(TimeoutError):
                self.received.append(json.loads(connection.recv(timeout=0.01)))


@contextmanager
def serving(
    stream: FakeStream, answer: Answer | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[FakeStream]:
    """Serve `stream` on a port of its own; `answer` may refuse to open sockets."""
    with serve(
        stream.serve,
        LOOPBACK,
        0,
        ssl=tls,
        compression=None,
        process_request=answer or stream.answer,
    ) as server:
        scheme = "http" if tls is None else "https"
        stream.url = f"{scheme}://{LOOPBACK}:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stream
        finally:
            server.shutdown()
            thread.join()


def initial_state(
    epoch: str, offset: int, *, recovered: bool | None = None, word: str = "training"
) -> dict[str, Any]:
    return _message("initial_state", offset) | {
        "epoch": epoch,
        "recovered": recovered,
        "status": status(word),
        "metrics": {},
        "history": [],
    }


def initial_state_page(offset: int, page: int, metrics: dict[str, Any]) -> dict[str, Any]:
    message = _message("initial_state_page", offset)
    return message | {"page": page, "num_pages": page, "metrics": metrics}


def updates(count: int) -> list[dict[str, Any]]:
    """A metrics_update for each offset from 1."""
    return [metrics_update(offset, float(offset)) for offset in range(1, count + 1)]


def metrics_update(offset: int, loss: float | None, name: str = "train/loss") -> dict[str, Any]:
    point = {"metric": name, "value": loss, "step": offset, "timestamp": TIMESTAMP}
    return _message("metrics_update", offset) | {
        "epoch": 1,
        "batch": offset,
        "total_batches": 100,
        "step": offset,
        "metrics": {"loss": {"train": loss}},
        "points": [point],
        "previous": None,
    }


def status_update(offset: int, word: str) -> dict[str, Any]:
    return _message("status_update", offset) | {"status": status(word)}


def log_lines(offset: int, *lines: str) -> dict[str, Any]:
    printed = [{"level": "info", "message": line} for line in lines]
    return _message("log", offset) | {"lines": printed}


def pong(offset: int) -> dict[str, Any]:
    return _message("pong", offset)


def status(word: str) -> dict[str, Any]:
    return {"status": word, "run_id": RUN_ID, "total_epochs": 4, "total_batches": 100}


def _message(kind: str, offset: int) -> dict[str, Any]:
    return {"type": kind, "run_id": RUN_ID, "offset": offset, "timestamp": TIMESTAMP}
