"""Publishes an event for each write that MLflow accepts, without changing or failing any request."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from tracking_plugin.accepted_writes import AcceptedWrite, TappedEndpoint, tapped_endpoint
from tracking_plugin.events import ExperimentChanged, RunEvent

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Larger bodies are passed on unread; MLflow accepts far less in one write."""

_WORKSPACE_HEADER = b"x-mlflow-workspace"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Sink = Callable[[RunEvent], None]
ExperimentSink = Callable[[ExperimentChanged], None]


class Wiretap:
    """ASGI middleware around MLflow's application; the sinks must return at once."""

    def __init__(
        self, app: AsgiApp, sink: Sink, experiment_sink: ExperimentSink = lambda _: None
    ) -> None:
        self._app = app
        self._sink = sink
        self._experiment_sink = experiment_sink
        self.num_unread = 0
        """Accepted writes that could not be read, so that subscribers miss them."""
        self._in_flight: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = (
            tapped_endpoint(scope["method"], scope["path"]) if scope["type"] == "http" else None
        )
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        with self._in_flight_write(endpoint) as on_complete:
            tap = _Tap(endpoint, scope, receive, send, on_complete, self._on_accepted)
            await self._app(scope, tap.receive, tap.send)

    async def settled(self) -> None:
        """Wait until each write that MLflow has received by now is passed to the sink, or refused."""
        if in_flight := set(self._in_flight):
            await asyncio.wait(in_flight)

    @contextmanager
    def _in_flight_write(self, endpoint: TappedEndpoint) -> Iterator[Callable[[], None]]:
        """Yields the callback for a complete request; an incomplete one never delays `settled`."""
        if endpoint.is_artifact:
            # An upload may take minutes, and no metric, parameter or tag depends on it.
            yield lambda: None
            return
        done = asyncio.get_running_loop().create_future()
        try:
            yield lambda: self._in_flight.add(done)
        finally:
            self._in_flight.discard(done)
            done.set_result(None)

    def _on_accepted(self, endpoint: TappedEndpoint, write: AcceptedWrite | None) -> None:
        if write is None:
            self._count_unread(f"it has more than {MAX_BODY_BYTES} bytes")
            return
        try:
            for event in endpoint.read(write):
                if isinstance(event, ExperimentChanged):
                    self._experiment_sink(event)
                else:
                    self._sink(event)
        except Exception as error:  # noqa: BLE001 - the request has succeeded, and must not fail here
            # Log only the type: the message, like the body, may contain a patient's name.
            self._count_unread(type(error).__name__)

    def _count_unread(self, reason: str) -> None:
        self.num_unread += 1
        logger.warning("Subscribers miss an accepted write that could not be read: %s", reason)


class _Tap:
    """Passes one request through, buffers the bodies that its endpoint needs, and reports acceptance."""

    def __init__(
        self,
        endpoint: TappedEndpoint,
        scope: Scope,
        receive: Receive,
        send: Send,
        on_complete: Callable[[], None],
        on_accepted: Callable[[TappedEndpoint, AcceptedWrite | None], None],
    ) -> None:
        self._endpoint = endpoint
        self._scope = scope
        self._receive = receive
        self._send = send
        self._on_complete = on_complete
        self._on_accepted = on_accepted
        self._request = _Body(endpoint.needs_body)
        self._response = _Body(endpoint.needs_response)
        self._is_accepted = False
        self._missing_bytes: int | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._request.add(message.get("body", b""))
            if not message.get("more_body", False):
                self._on_complete()
        return message

    async def send(self, message: Message) -> None:
        # Publish before the client has its whole response: after that it may send its next write to
        # another server, whose event could then come first. So events are in the order of the
        # writes. This delays the response by a tenth of a millisecond.
        self._observe(message)
        await self._send(message)

    def _observe(self, message: Message) -> None:
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
                self._on_accepted(self._endpoint, self._write())

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


class _Body:
    """Collects the chunks of a body by reference, up to MAX_BODY_BYTES."""

    def __init__(self, is_needed: bool) -> None:
        self._is_needed = is_needed
        self._chunks: list[bytes] = []
        self._size_bytes = 0

    def add(self, chunk: bytes) -> None:
        if not self._is_needed or not chunk:
            return
        self._size_bytes += len(chunk)
        if self._size_bytes > MAX_BODY_BYTES:
            self._chunks.clear()
        else:
            self._chunks.append(chunk)

    def joined(self) -> bytes | None:
        """The whole body, or None if it was too large."""
        return None if self._size_bytes > MAX_BODY_BYTES else b"".join(self._chunks)


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
