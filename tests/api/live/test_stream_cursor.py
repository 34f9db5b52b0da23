"""Coroutines wait until the hub has applied enough of the stream."""

import asyncio

import pytest

from api.bus.protocol import StreamPosition
from api.live import stream_cursor
from api.live.stream_cursor import StreamCursor
from tests.turns import turns

pytestmark = pytest.mark.anyio


async def moved(cursor: StreamCursor, epoch: str, offset: int) -> None:
    cursor.move_to(StreamPosition(epoch, offset))
    await cursor.notify()


async def test_a_cursor_starts_with_its_first_position() -> None:
    cursor = StreamCursor()
    waiting = asyncio.create_task(cursor.started())
    await turns()
    assert not waiting.done()

    await moved(cursor, "a", 0)

    await waiting
    assert cursor.position == StreamPosition("a", 0)


async def test_a_target_is_reached_at_its_offset_and_not_before() -> None:
    cursor = StreamCursor()
    await moved(cursor, "a", 1)
    waiting = asyncio.create_task(cursor.reached(StreamPosition("a", 3)))
    await moved(cursor, "a", 2)
    await turns()
    assert not waiting.done()

    await moved(cursor, "a", 3)

    await waiting


async def test_a_target_of_an_epoch_that_ended_is_not_waited_for() -> None:
    cursor = StreamCursor()
    await moved(cursor, "a", 1)
    waiting = asyncio.create_task(cursor.reached(StreamPosition("a", 3)))
    await turns()

    await moved(cursor, "b", 0)

    await waiting


async def test_a_target_that_is_never_reached_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_cursor, "APPLY_DEADLINE_S", 0.01)
    cursor = StreamCursor()
    await moved(cursor, "a", 1)

    with pytest.raises(TimeoutError):
        await cursor.reached(StreamPosition("a", 2))


async def test_a_cursor_that_forgot_its_position_is_in_no_epoch() -> None:
    cursor = StreamCursor()
    await moved(cursor, "a", 1)
    assert cursor.is_in_epoch_of(StreamPosition("a", 9))

    cursor.forget()

    assert not cursor.is_in_epoch_of(StreamPosition("a", 9))
    assert not cursor.is_in_epoch_of(cursor.position)
