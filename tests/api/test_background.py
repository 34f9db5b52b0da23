"""Background tasks live as long as the block that started them, and a stuck one does not block its end."""

import asyncio
import logging

import pytest

from api import background
from api.background import cancel, in_background

pytestmark = pytest.mark.anyio


class Work:
    """A coroutine that reports when it starts and when it has been cancelled."""

    def __init__(self) -> None:
        self.has_started = asyncio.Event()
        self.has_ended = False

    async def run(self) -> None:
        self.has_started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.has_ended = True


async def test_the_tasks_run_while_inside_and_have_ended_on_exit() -> None:
    works = [Work(), Work()]
    async with asyncio.timeout(10):
        async with in_background(*(work.run() for work in works)):
            for work in works:
                await work.has_started.wait()
                assert not work.has_ended
        assert all(work.has_ended for work in works)


async def test_the_tasks_end_where_the_block_raises() -> None:
    work = Work()

    async def block() -> None:
        async with asyncio.timeout(10), in_background(work.run()):
            await work.has_started.wait()
            raise ValueError("from the block")

    with pytest.raises(ValueError, match="from the block"):
        await block()
    assert work.has_ended


async def test_an_error_of_a_task_is_raised_where_its_result_is_read_and_not_on_exit() -> None:
    async def fail() -> None:
        raise ValueError("from the task")

    async with asyncio.timeout(10), in_background(fail()) as (task,):
        await asyncio.wait((task,))
        with pytest.raises(ValueError, match="from the task"):
            task.result()


async def test_a_task_that_ignores_its_cancellation_is_named_after_the_deadline(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "END_DEADLINE_S", 0.01)
    may_end, has_started = asyncio.Event(), asyncio.Event()

    async def stuck() -> None:
        has_started.set()
        while not may_end.is_set():
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                continue

    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(10), in_background(stuck()) as (task,):
            await has_started.wait()
    assert not task.done()
    assert "still runs 0.01 s after its cancellation" in caplog.text
    assert "stuck" in caplog.text
    may_end.set()
    await task


async def test_nothing_to_cancel_is_no_error() -> None:
    await cancel()
