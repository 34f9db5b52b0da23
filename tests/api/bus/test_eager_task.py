"""A coroutine runs at once up to its first wait, and the rest runs as in any task."""

import asyncio

import pytest

from api.bus.eager_task import start_eagerly
from tests.turns import other_tasks, turns

pytestmark = pytest.mark.anyio


async def test_a_coroutine_that_does_not_wait_finishes_without_a_task() -> None:
    before = other_tasks()
    done = []

    async def work() -> None:
        done.append("all of it")

    assert start_eagerly(work()) is None
    assert done == ["all of it"]
    assert other_tasks() == before


async def test_a_coroutine_that_waits_continues_in_a_task() -> None:
    may_go_on = asyncio.Event()
    done = []

    async def work() -> None:
        done.append("begun")
        await may_go_on.wait()
        done.append("gone on")
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        done.append("ended")

    task = start_eagerly(work())
    assert task is not None
    assert done == ["begun"]
    await turns()
    assert done == ["begun"]
    may_go_on.set()
    await task
    assert done == ["begun", "gone on", "ended"]


async def test_the_awaited_result_may_arrive_before_the_task_starts() -> None:
    future = asyncio.get_running_loop().create_future()

    async def work() -> None:
        assert await future == 7

    task = start_eagerly(work())
    future.set_result(7)
    assert task is not None
    await task


async def test_an_error_before_the_first_wait_is_raised_at_once() -> None:
    async def work() -> None:
        raise OSError("closed")

    with pytest.raises(OSError, match="closed"):
        start_eagerly(work())


@pytest.mark.parametrize("later", [False, True])
async def test_an_error_after_the_first_wait_belongs_to_the_task(later: bool) -> None:
    future = asyncio.get_running_loop().create_future()

    async def work() -> None:
        try:
            await future
        except ValueError:
            if later:
                await asyncio.sleep(0)
            raise OSError("closed") from None

    task = start_eagerly(work())
    assert task is not None
    future.set_exception(ValueError())
    with pytest.raises(OSError, match="closed"):
        await task


@pytest.mark.parametrize("num_turns", [0, 1, 5])
async def test_a_cancellation_reaches_the_work_whether_or_not_its_task_has_begun(
    num_turns: int,
) -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(0)
            seen.append("tidied up")
            raise

    task = start_eagerly(work())
    assert task is not None
    await turns(num_turns)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled", "tidied up"]
    assert task.cancelled()


async def test_work_may_survive_its_cancellation() -> None:
    may_end = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await may_end.wait()

    task = start_eagerly(work())
    assert task is not None
    await turns()
    task.cancel()
    await turns()
    assert not task.done()
    may_end.set()
    await task


async def test_deadlines_hold_for_the_task() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    task = start_eagerly(work())
    assert task is not None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await task
    assert task.cancelled()


async def test_work_sees_the_task_that_finishes_it() -> None:
    seen = []

    async def work() -> None:
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        seen.append(asyncio.current_task())

    task = start_eagerly(work())
    assert task is not None
    await task
    assert seen == [task]
    assert "_Remainder" in repr(task)
