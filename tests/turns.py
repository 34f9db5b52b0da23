"""Waiting within an event loop, for what others do there."""

import asyncio
from collections.abc import Callable
from typing import cast

from tests.waiting import DEADLINE_S, POLL_INTERVAL_S


async def turns(number: int = 10) -> None:
    """Let whatever can go on go on."""
    for _ in range(number):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], what: str) -> None:
    """Until `condition` is true; AssertionError, naming `what`, where it never is."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():  # noqa: ASYNC110 - what is waited for may be in another process
                await asyncio.sleep(POLL_INTERVAL_S)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {DEADLINE_S:.0f} s") from None


def other_tasks() -> set[asyncio.Task[object]]:
    """All tasks but the one that asks, and the one that anyio runs tests in."""
    tasks: set[asyncio.Task[object]] = asyncio.all_tasks()
    tasks.discard(cast("asyncio.Task[object]", asyncio.current_task()))
    return {task for task in tasks if "TestRunner" not in repr(task)}
