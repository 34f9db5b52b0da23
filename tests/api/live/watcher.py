"""A client of `/ws` that reconnects and records its messages."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from socket import SHUT_RDWR
from typing import Any

from websockets.sync.client import ClientConnection, connect

RECEIVE_DEADLINE_S = 20.0


class Watcher:
    """Resumes after its last message; uses the `urls` of servers that share a bus in turn."""

    def __init__(self, urls: Sequence[str], run_id: str | None = None) -> None:
        self._urls = urls
        self._run_id = run_id
        self._open = ExitStack()
        self._socket: ClientConnection | None = None
        self._num_connects = 0
        self._epoch: str | None = None
        self._offset = 0
        self.messages: list[dict[str, Any]] = []
        """All but the first of each connection."""
        self.first: list[dict[str, Any]] = []
        """The first of each connection."""

    def connect(self) -> None:
        url = self._urls[self._num_connects % len(self._urls)].replace("http", "ws", 1)
        query = [f"run_id={self._run_id}"] if self._run_id else []
        if self._epoch is not None:
            query.append(f"since={self._epoch}:{self._offset}")
        opening = connect(f"{url}/ws?{'&'.join(query)}", compression=None)
        self._socket = self._open.enter_context(opening)
        self._num_connects += 1
        self.first.append(self._receive())
        self._epoch = self.first[-1]["epoch"]

    def read(self) -> dict[str, Any]:
        self.messages.append(self._receive())
        return self.messages[-1]

    def disconnect(self, *, abruptly: bool = False) -> None:
        assert self._socket is not None
        if abruptly:
            self._socket.socket.shutdown(SHUT_RDWR)
        self._open.close()

    def points(self) -> list[tuple[str, float | None, int]]:
        """Name, value and step of each point, those of the first history included."""
        history = [
            (name, value, snapshot["step"])
            for snapshot in self.first[0]["history"]
            for name, value in snapshot["metrics"]["other"].items()
        ]
        updates = [
            (point["metric"], point["value"], point["step"])
            for message in self.messages
            if message["type"] == "metrics_update"
            for point in message["points"]
        ]
        return history + updates

    def _receive(self) -> dict[str, Any]:
        assert self._socket is not None
        message: dict[str, Any] = json.loads(self._socket.recv(RECEIVE_DEADLINE_S))
        self._offset = message["offset"]
        return message
