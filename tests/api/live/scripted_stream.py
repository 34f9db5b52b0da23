"""A bus and a store that a test scripts, and a hub between them."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from api.bus.protocol import Batch, StreamPosition
from api.errors import NotFoundError
from api.live.hub import Hub
from api.live.subscriber import Subscriber
from api.runs.state import RunState
from tests.api.live.fake_socket import FakeSocket
from tests.turns import until
from tracking_plugin.events import LoggedPoint, MetricsLogged, RunEvent

FIRST_EPOCH = "first"
RUN_ID = "a" * 32
OTHER_RUN_ID = "b" * 32


def loss(step: int, *, run_id: str = RUN_ID, accepted_ms: int = 0) -> MetricsLogged:
    points = [LoggedPoint("train/loss", 1 / step, step, step)]
    return MetricsLogged(run_id=run_id, accepted_ms=accepted_ms, points=points)


class ScriptedBus:
    """Delivers the batches that a test puts on it."""

    is_shared = False
    is_connected = True

    def __init__(self) -> None:
        self.position = StreamPosition(FIRST_EPOCH, 0)
        self.num_applied = 0
        self.unread: Sequence[RunEvent] = ()
        """Events at the end of the stream that no batch has delivered yet."""
        self._batches: asyncio.Queue[Batch | Exception] = asyncio.Queue()
        self._num_put = 0
        self._put(Batch(self.position, []))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield

    def publish(self, event: RunEvent) -> None:
        self.deliver(event)

    def deliver(self, *events: RunEvent, has_gap: bool = False, is_retained: bool = False) -> None:
        offset = self.position.offset
        entries = [(offset + number, event) for number, event in enumerate(events, 1)]
        self.position = StreamPosition(self.position.epoch, offset + len(events))
        self._put(Batch(self.position, entries, has_gap=has_gap, is_retained=is_retained))

    def begin(self, epoch: str) -> None:
        self.position = StreamPosition(epoch, 0)
        self._put(Batch(self.position, []))

    def fail(self) -> None:
        self._batches.put_nowait(OSError("the bus is gone"))

    def _put(self, batch: Batch) -> None:
        self._num_put += 1
        self._batches.put_nowait(batch)

    async def applied(self) -> None:
        await until(lambda: self.num_applied == self._num_put, "the hub's last batch")

    async def end(self) -> StreamPosition:
        return StreamPosition(self.position.epoch, self.position.offset + len(self.unread))

    async def follow(self) -> AsyncIterator[Batch]:
        while True:
            batch = await self._batches.get()
            if isinstance(batch, Exception):
                raise batch
            yield batch
            self.num_applied += 1


class ScriptedStore:
    """Knows the runs in `states`; its responses wait while `may_respond` is cleared."""

    def __init__(self, *states: RunState) -> None:
        self.states = {state.run_id: state for state in states}
        self.default: str | None = None
        self.error: Exception | None = None
        self.num_requests = 0
        self.may_respond = threading.Event()
        self.may_respond.set()

    def state(self, run_id: str) -> RunState:
        self.num_requests += 1
        assert self.may_respond.wait(60)
        if self.error is not None:
            raise self.error
        if run_id not in self.states:
            raise NotFoundError(f"There is no run {run_id!r}")
        return self.states[run_id]

    def default_run_id(self) -> str | None:
        return self.default


class Client:
    """A subscriber of the hub, and what it has been sent."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.socket = FakeSocket()
        self.subscriber = Subscriber(self.socket.send)

    async def join(
        self, run_id: str | None = None, *, since: StreamPosition | None = None
    ) -> dict[str, Any]:
        """Returns the first message."""
        num_before = len(self.socket.texts)
        await self._hub.join(self.subscriber, run_id, since)
        first: dict[str, Any] = json.loads(self.socket.texts[num_before])
        return first

    def leave(self) -> None:
        self._hub.leave(self.subscriber)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.socket.texts]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    @property
    def steps(self) -> list[int]:
        """The steps of the metrics updates, in the order of their arrival."""
        return [
            point["step"]
            for message in self.of_type("metrics_update")
            for point in message["points"]
        ]


class HubUnderTest:
    """The hub, its bus and its store; `settle` returns once `is_settled` is set."""

    def __init__(self, *states: RunState, retention: int = 100) -> None:
        self.bus = ScriptedBus()
        self.store = ScriptedStore(*(states or (RunState(run_id=RUN_ID),)))
        self.is_settled = asyncio.Event()
        self.is_settled.set()
        self.num_settles = 0
        self.hub = Hub(self.bus, self.store, retention=retention, settle=self._settle)

    async def _settle(self) -> None:
        self.num_settles += 1
        await self.is_settled.wait()

    def client(self) -> Client:
        return Client(self.hub)

    async def deliver(self, *events: RunEvent) -> None:
        """Deliver events and wait until the hub has applied them."""
        self.bus.deliver(*events)
        await self.bus.applied()


async def joined(live: HubUnderTest, run_id: str | None = RUN_ID) -> Client:
    client = live.client()
    await client.join(run_id)
    return client
