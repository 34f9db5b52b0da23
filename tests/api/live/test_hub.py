"""The hub between a scripted bus and a scripted store."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.bus.protocol import Batch, StreamPosition
from api.live.hub import Hub
from api.live.subscriber import Subscriber
from api.runs.state import RunState
from tests.api.live.fake_socket import FakeSocket
from tests.turns import until
from tracking_plugin.events import RunEvent

pytestmark = pytest.mark.anyio

RUN_ID = "a" * 32


class EpochBus:
    """Has no events, only epochs."""

    is_shared = False
    is_connected = True

    def __init__(self) -> None:
        self.num_taken = 0
        self._epochs: asyncio.Queue[str] = asyncio.Queue()
        self._position = StreamPosition("first", 0)

    def begin(self, epoch: str) -> None:
        self._epochs.put_nowait(epoch)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield

    def publish(self, event: RunEvent) -> None: ...

    async def end(self) -> StreamPosition:
        return self._position

    async def follow(self) -> AsyncIterator[Batch]:
        while True:
            yield Batch(self._position, [])
            self.num_taken += 1
            self._position = StreamPosition(await self._epochs.get(), 0)


class SlowStore:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.num_asked = 0
        self.may_answer = threading.Event()

    def state(self, run_id: str) -> RunState:
        self.num_asked += 1
        self.may_answer.wait(60)
        return RunState(run_id=run_id)

    def default_run_id(self) -> str | None:
        return None


async def settled() -> None: ...


async def test_a_socket_outlives_an_epoch_that_ends_while_it_is_told_of_the_one_before() -> None:
    bus, stored, socket = EpochBus(), SlowStore(), FakeSocket()
    hub = Hub(bus, stored, retention=100, settle=settled)
    async with hub.running():
        stored.may_answer.set()
        subscriber = Subscriber(socket.send)
        await hub.join(subscriber, RUN_ID)
        stored.may_answer.clear()
        bus.begin("second")
        await until(lambda: stored.num_asked == 2, "the question for the second epoch")
        bus.begin("third")
        await until(lambda: bus.num_taken == 3, "the third epoch")
        stored.may_answer.set()
        await until(lambda: subscriber.is_live, "the socket's return")
        assert '"epoch":"third"' in socket.texts[-1]
        assert hub.num_subscribers == 1
