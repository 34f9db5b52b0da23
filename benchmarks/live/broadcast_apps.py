"""Two applications that send each message to all sockets: the hub on a memory bus, and a bare loop."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from api.bus.memory_bus import MemoryBus
from api.errors import NotFoundError
from api.live.hub import Hub
from api.live.run_view import RunView
from api.live.socket import LiveEndpoint
from api.middleware.admission import load_admission
from api.runs.state import RunState
from tracking_plugin.events import LoggedPoint, MetricsLogged, RunCreated

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Publish = Callable[[int], Awaitable[None]]

RETENTION = 20_000
_RUN_ID = "a" * 32
# All events have the same time, so that the hub sends no progress, which it does once a second.
_MOMENT_MS = 1_700_000_000_000
_NAMES = ("train/loss", "train/accuracy", "train/learning_rate", "train/images_per_second")


class _EmptyStore:
    """A store without runs."""

    def state(self, run_id: str) -> RunState:
        raise NotFoundError(f"No run {run_id}")

    def default_run_id(self) -> str | None:
        return None


def fovea_app() -> AsgiApp:
    """The hub and its sockets as in the server; `/publish` publishes events on the bus."""
    bus = MemoryBus(RETENTION)
    hub = Hub(bus, _EmptyStore(), retention=RETENTION, settle=_already_settled)
    live = LiveEndpoint(hub, load_admission(frozenset()), max_sockets=4096)
    bus.publish(RunCreated(run_id=_RUN_ID, accepted_ms=_MOMENT_MS, experiment_id="0"))

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(bus.running())
            await stack.enter_async_context(hub.running())
            yield

    async def publish(num_events: int) -> None:
        for _ in range(num_events):
            bus.publish(_event())

    return _application(live, publish, running())


def bare_app() -> AsgiApp:
    """Uvicorn's own speed: it sends the encoded message to each socket in turn, and nothing else."""
    sends: set[Send] = set()
    text = _message()

    async def live(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": text})
        sends.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        sends.discard(send)

    async def publish(num_events: int) -> None:
        for _ in range(num_events):
            for send in sends:
                await send({"type": "websocket.send", "text": text})

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        yield

    return _application(live, publish, running())


async def _already_settled() -> None:
    return


def _event() -> MetricsLogged:
    points = [LoggedPoint(name, 0.123456789, 1000, _MOMENT_MS) for name in _NAMES]
    return MetricsLogged(run_id=_RUN_ID, accepted_ms=_MOMENT_MS, points=points)


def _message() -> str:
    message = RunView(RunState(run_id=_RUN_ID), is_whole=True).apply(_event(), 10_000)
    assert message is not None
    return message.model_dump_json()


def _application(
    live: AsgiApp, publish: Publish, running: AbstractAsyncContextManager[None]
) -> AsgiApp:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _run_lifespan(running, receive, send)
        elif scope["type"] == "websocket":
            await live(scope, receive, send)
        else:
            query = parse_qs(scope["query_string"].decode())
            await publish(int(query.get("events", ["0"])[0]))
            await _respond(send, {"message_bytes": len(_message())})

    return application


async def _run_lifespan(
    running: AbstractAsyncContextManager[None], receive: Receive, send: Send
) -> None:
    await receive()
    async with running:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _respond(send: Send, document: object) -> None:
    body = json.dumps(document).encode()
    length = str(len(body)).encode()
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
