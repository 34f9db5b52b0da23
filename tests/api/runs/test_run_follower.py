"""A run that begins again while the sweep reads the store is not taken for one that is over."""

import asyncio
import threading
from collections.abc import Collection, Mapping

import pytest

from api.bus.memory_bus import MemoryBus
from api.run_failures import RunFailures
from api.runs.reader import RunReader
from api.runs.run_follower import RunFeed, RunFollower, RunListener
from api.runs.run_over import HeldRun, RunEnd, RunOver
from tests.turns import until
from tracking_plugin.events import RunEvent, RunRestored

pytestmark = pytest.mark.anyio


class Listener(RunListener):
    def __init__(self) -> None:
        self.received: list[RunEvent | RunOver] = []

    async def on_event(self, event: RunEvent) -> None:
        self.received.append(event)

    async def on_run_over(self, over: RunOver) -> None:
        self.received.append(over)

    def on_gap(self) -> None:
        pass

    def held_runs(self) -> Collection[HeldRun]:
        return [HeldRun(run_id="restored", workspace=None), HeldRun(run_id="gone", workspace=None)]


class Reader(RunReader):
    """Finds both runs deleted, and answers once `may_answer`."""

    def __init__(self) -> None:
        self.is_reading = threading.Event()
        self.may_answer = threading.Event()

    def ends(self, run_ids: Collection[str]) -> Mapping[str, RunEnd]:
        self.is_reading.set()
        assert self.may_answer.wait(10)
        return dict.fromkeys(sorted(run_ids), RunEnd.DELETED)


async def test_the_sweep_leaves_a_run_that_has_changed_since_it_read_the_store() -> None:
    bus, reader, listener = MemoryBus(retention=10), Reader(), Listener()
    follower = RunFollower(RunFeed(bus=bus, reader=reader, failures=RunFailures()), listener)
    async with bus.running(), follower.running():
        sweep = asyncio.create_task(follower.sweep())
        await until(reader.is_reading.is_set, "the reading of the store")
        restored = RunRestored(run_id="restored", accepted_ms=1)
        bus.publish(restored)
        await until(lambda: restored in listener.received, "the event")
        reader.may_answer.set()
        await sweep

        gone = RunOver(run_id="gone", workspace=None, how=RunEnd.DELETED, is_on_bus=False)
        assert listener.received == [restored, gone]

        await follower.sweep()
        assert {over.run_id for over in listener.received[2:]} == {"restored", "gone"}
