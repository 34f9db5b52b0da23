"""The bus of one process: order, retention, and followers that are slow or end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bus import memory_bus
from api.bus.memory_bus import LARGEST_BATCH, MemoryBus
from api.bus.protocol import Batch, StreamPosition
from tests.api.bus.numbered import event, numbers
from tests.turns import turns
from tracking_plugin.events import encode_event

pytestmark = pytest.mark.anyio


def publish(bus: MemoryBus, *published: int) -> None:
    for number in published:
        bus.publish(event(number))


def seen(batch: Batch) -> list[int]:
    return numbers(event for _, event in batch.entries)


async def test_a_follower_gets_the_retained_events_then_new_ones() -> None:
    bus = MemoryBus(10)
    publish(bus, 1, 2)
    following = bus.follow()
    first = await anext(following)
    assert [(offset, event.accepted_ms) for offset, event in first.entries] == [(1, 1), (2, 2)]
    assert first.is_retained
    publish(bus, 3)
    second = await anext(following)
    assert [offset for offset, _ in second.entries] == [3]
    assert not second.is_retained
    assert second.position == await bus.end() == StreamPosition(first.position.epoch, 3)


async def test_the_first_batch_arrives_at_once_even_if_it_is_empty() -> None:
    bus = MemoryBus(10)
    first = await asyncio.wait_for(anext(bus.follow()), 5)
    assert (first.position.offset, first.entries, first.has_gap) == (0, [], False)


async def test_the_number_of_retained_events_is_limited() -> None:
    bus = MemoryBus(3)
    publish(bus, *range(1, 8))
    first = await anext(bus.follow())
    assert [offset for offset, _ in first.entries] == [5, 6, 7]
    assert not first.has_gap


async def test_the_size_of_retained_events_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    size_bytes = len(encode_event(event(1, padding="x" * 100)))
    monkeypatch.setattr(memory_bus, "RETAINED_BYTES", 3 * size_bytes)
    bus = MemoryBus(1000)
    for number in range(1, 6):
        bus.publish(event(number, padding="x" * 100))
    assert seen(await anext(bus.follow())) == [3, 4, 5]


async def test_an_event_larger_than_the_limit_is_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_bus, "RETAINED_BYTES", 100)
    bus = MemoryBus(1000)
    following = bus.follow()
    await anext(following)
    bus.publish(event(1, padding="x" * 1000))
    batch = await asyncio.wait_for(anext(following), 5)
    assert (batch.entries, batch.has_gap, batch.position.offset) == ([], True, 1)


async def test_a_follower_behind_the_retained_events_gets_a_gap() -> None:
    bus = MemoryBus(3)
    following = bus.follow()
    await anext(following)
    publish(bus, *range(1, 7))
    late = await anext(following)
    assert late.has_gap
    assert seen(late) == [4, 5, 6]
    publish(bus, 7)
    assert not (await anext(following)).has_gap


async def test_the_size_of_batches_is_limited() -> None:
    bus = MemoryBus(10 * LARGEST_BATCH)
    publish(bus, *range(1, LARGEST_BATCH + 4))
    following = bus.follow()
    assert len((await anext(following)).entries) == LARGEST_BATCH
    second = await anext(following)
    assert seen(second) == [LARGEST_BATCH + 1, LARGEST_BATCH + 2, LARGEST_BATCH + 3]
    assert second.is_retained


async def test_a_follower_that_ends_is_removed() -> None:
    bus = MemoryBus(3)
    following = bus.follow()
    await anext(following)
    waiting = asyncio.ensure_future(anext(following))
    await turns()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await following.aclose()  # type: ignore[attr-defined]
    assert bus._followers == set()
    publish(bus, 1)


async def test_two_streams_have_different_epochs() -> None:
    assert (await MemoryBus(1).end()).epoch != (await MemoryBus(1).end()).epoch


@given(
    st.lists(st.integers(0, 12) | st.sampled_from(["one", "other"]), max_size=30),
    st.integers(1, 20),
)
async def test_every_follower_sees_all_in_order_or_a_gap(
    steps: list[int | str], retention: int
) -> None:
    bus = MemoryBus(retention)
    followers = {name: Follower(bus.follow()) for name in ("one", "other")}
    num_published = 0
    for step in steps:
        if isinstance(step, str):
            await followers[step].read()
            continue
        publish(bus, *range(num_published + 1, num_published + step + 1))
        num_published += step
    for follower in followers.values():
        await follower.read()
        while follower.offset < num_published:
            await follower.read()
        assert follower.seen == sorted(set(follower.seen))
        assert len(follower.seen) + follower.num_skipped == num_published


class Follower:
    """Reads batch by batch, and counts missed events."""

    def __init__(self, batches: AsyncIterator[Batch]) -> None:
        self._batches = batches
        self._has_begun = False
        self._reading: asyncio.Future[Batch] | None = None
        self.offset = 0
        self.num_skipped = 0
        self.seen: list[int] = []

    async def read(self) -> None:
        """The next batch, or nothing if none has arrived."""
        self._reading = self._reading or asyncio.ensure_future(anext(self._batches))
        await turns()
        if not self._reading.done():
            return
        batch, self._reading = self._reading.result(), None
        num_missing = batch.position.offset - self.offset - len(batch.entries)
        assert (num_missing > 0) == batch.has_gap or not self._has_begun
        self._has_begun = True
        self.num_skipped += num_missing
        self.offset = batch.position.offset
        self.seen += seen(batch)
