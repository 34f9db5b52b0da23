"""Waiting within an event loop."""

import asyncio
from collections.abc import Callable
from typing import cast

from tests.waiting import DEADLINE_S, POLL_INTERVAL_S


async def turns(number: int = 10) -> None:
    """Let all other tasks run until they wait."""
    for _ in range(number):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until `condition` is true. Raises AssertionError, which names `what`, after the deadline."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():  # noqa: ASYNC110 - the condition may depend on another process
                await asyncio.sleep(POLL_INTERVAL_S)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {DEADLINE_S:.0f} s") from None


def other_tasks() -> set[asyncio.Task[object]]:
    """All tasks except the current one and the one in which anyio runs tests."""
    tasks: set[asyncio.Task[object]] = asyncio.all_tasks()
    tasks.discard(cast("asyncio.Task[object]", asyncio.current_task()))
    return {task for task in tasks if "TestRunner" not in repr(task)}
