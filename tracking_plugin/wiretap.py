"""Sees each write that MLflow has accepted, and says what it was: no request is changed or failed by it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from tracking_plugin.accepted_writes import AcceptedWrite, TappedEndpoint, tapped_endpoint
from tracking_plugin.events import RunEvent

logger = logging.getLogger(__name__)

LARGEST_BODY_BYTES = 16 * 1024 * 1024
"""What is larger is passed on unread; MLflow itself takes far less in one write."""

_WORKSPACE_HEADER = b"x-mlflow-workspace"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Sink = Callable[[RunEvent], None]


class Wiretap:
    """ASGI middleware around MLflow's application; `sink` must neither block nor wait."""

    def __init__(self, app: AsgiApp, sink: Sink) -> None:
        self._app = app
        self._sink = sink
        self.num_unread = 0
        """Accepted writes that could not be read, so that watchers did not see them."""
        self._in_flight: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = (
            tapped_endpoint(scope["method"], scope["path"]) if scope["type"] == "http" else None
        )
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        with self._in_flight_from_here(endpoint) as begin:
            tap = _Tap(endpoint, scope, receive, send, begin, self._take)
            await self._app(scope, tap.receive, tap.send)

    async def settled(self) -> None:
        """Wait until each write that MLflow has all of by now is known to the sink, or refused."""
        if in_flight := set(self._in_flight):
            await asyncio.wait(in_flight)

    @contextmanager
    def _in_flight_from_here(self, endpoint: TappedEndpoint) -> Iterator[Callable[[], None]]:
        """What is yielded is called when the request is complete: no client can hold others up."""
        if endpoint.is_artifact:
            # One may take minutes, and is nothing that a run's values depend on.
            yield lambda: None
            return
        done = asyncio.get_running_loop().create_future()
        try:
            yield lambda: self._in_flight.add(done)
        finally:
            self._in_flight.discard(done)
            done.set_result(None)

    def _take(self, endpoint: TappedEndpoint, write: AcceptedWrite | None) -> None:
        if write is None:
            self._pass_unread(f"it has more than {LARGEST_BODY_BYTES} bytes")
            return
        try:
            for event in endpoint.read(write):
                self._sink(event)
        except Exception as error:  # noqa: BLE001 - the client has its answer, whatever happens here
            # Only the kind of error: its message, like the body, may name a patient.
            self._pass_unread(type(error).__name__)

    def _pass_unread(self, reason: str) -> None:
        self.num_unread += 1
        logger.warning("Watchers miss an accepted write that could not be read: %s", reason)


class _Tap:
    """One request on its way through: keeps what its endpoint needs, and tells when it is accepted."""

    def __init__(
        self,
        endpoint: TappedEndpoint,
        scope: Scope,
        receive: Receive,
        send: Send,
        begin: Callable[[], None],
        take: Callable[[TappedEndpoint, AcceptedWrite | None], None],
    ) -> None:
        self._endpoint = endpoint
        self._scope = scope
        self._receive = receive
        self._send = send
        self._begin = begin
        self._take = take
        self._request = _Kept(endpoint.needs_body)
        self._response = _Kept(endpoint.needs_response)
        self._is_accepted = False
        self._missing_bytes: int | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._request.add(message.get("body", b""))
            if not message.get("more_body", False):
                self._begin()
        return message

    async def send(self, message: Message) -> None:
        # Before the client has its whole answer: it may send its next write to another server, and
        # an operating system may hold up this one in between. So the order of events is that of
        # the writes; it costs a tenth of a millisecond, and the sink neither blocks nor waits.
        self._look_at(message)
        await self._send(message)

    def _look_at(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._is_accepted = message["status"] == 200
            self._missing_bytes = _content_length(message)
        elif message["type"] == "http.response.body" and self._is_accepted:
            body = message.get("body", b"")
            self._response.add(body)
            if self._missing_bytes is not None:
                self._missing_bytes -= len(body)
            if self._missing_bytes == 0 or not message.get("more_body", False):
                self._is_accepted = False
                self._take(self._endpoint, self._write())

    def _write(self) -> AcceptedWrite | None:
        body, response = self._request.joined(), self._response.joined()
        if body is None or response is None:
            return None
        return AcceptedWrite(
            query=self._scope.get("query_string", b""),
            body=body,
            response=response,
            accepted_ms=int(time.time() * 1000),
            workspace=_workspace(self._scope),
        )


class _Kept:
    """The chunks of a body, by reference, as long as they are few enough to keep."""

    def __init__(self, is_needed: bool) -> None:
        self._is_needed = is_needed
        self._chunks: list[bytes] = []
        self._size_bytes = 0

    def add(self, chunk: bytes) -> None:
        if not self._is_needed or not chunk:
            return
        self._size_bytes += len(chunk)
        if self._size_bytes > LARGEST_BODY_BYTES:
            self._chunks.clear()
        else:
            self._chunks.append(chunk)

    def joined(self) -> bytes | None:
        """The whole body, or None where it was too large."""
        return None if self._size_bytes > LARGEST_BODY_BYTES else b"".join(self._chunks)


def _content_length(start: Message) -> int | None:
    for name, value in start.get("headers", ()):
        if bytes(name).lower() == b"content-length" and bytes(value).isdigit():
            return int(value)
    return None


def _workspace(scope: Scope) -> str | None:
    for name, value in scope.get("headers", ()):
        if bytes(name) == _WORKSPACE_HEADER:
            return bytes(value).decode("latin-1").strip() or None
    return None
