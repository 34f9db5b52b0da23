"""A follower of a bus that records its events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.bus.protocol import Batch, Bus
from tests.turns import until


class Follower:
    """The received events in order."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    @property
    def epochs(self) -> list[str]:
        """The epochs of the stream in order."""
        epochs = [batch.position.epoch for batch in self.batches]
        return [epoch for at, epoch in enumerate(epochs) if at == 0 or epoch != epochs[at - 1]]

    @property
    def entries(self) -> list[tuple[str, int, int]]:
        """Epoch, offset and number of each event."""
        return [
            (batch.position.epoch, offset, event.accepted_ms)
            for batch in self.batches
            for offset, event in batch.entries
        ]

    @property
    def numbers(self) -> list[int]:
        return [number for _, _, number in self.entries]

    @property
    def has_gap(self) -> bool:
        return any(batch.has_gap for batch in self.batches)

    async def until(self, number: int) -> None:
        """Wait for the event with that number."""
        await until(lambda: number in self.numbers, f"event {number}")

    async def until_epochs(self, number: int) -> None:
        await until(lambda: len(self.epochs) >= number, f"the stream that is number {number}")


@asynccontextmanager
async def following(bus: Bus) -> AsyncIterator[Follower]:
    """Follows the bus; entered once the first batch has arrived."""
    follower = Follower()

    async def follow() -> None:
        async for batch in bus.follow():
            follower.batches.append(batch)

    task = asyncio.create_task(follow())
    try:
        await until(lambda: follower.batches or task.done(), "the first batch")
        yield follower
        assert not task.done(), "a follower never ends by itself"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
