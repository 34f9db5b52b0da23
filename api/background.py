"""Runs coroutines in the background of a block of code, and ends them with it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

logger = logging.getLogger(__name__)

END_DEADLINE_S = 10.0


@asynccontextmanager
async def in_background(
    *work: Coroutine[Any, Any, None],
) -> AsyncIterator[tuple[asyncio.Task[None], ...]]:
    """Run each coroutine as a task while inside; on exit, cancel the tasks and wait for their end."""
    tasks = tuple(asyncio.create_task(each) for each in work)
    try:
        yield tasks
    finally:
        await cancel(*tasks)


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel `tasks` and wait until they have ended, for END_DEADLINE_S at most.

    Their errors are not raised here; `task.result()` raises them for callers that need them.
    """
    for task in tasks:
        task.cancel()
    if not tasks:
        return
    ended, remaining = await asyncio.wait(tasks, timeout=END_DEADLINE_S)
    for task in ended:
        if not task.cancelled():
            # asyncio logs errors that nothing has read.
            task.exception()
    for task in remaining:
        logger.warning(
            "A background task still runs %g s after its cancellation: %r", END_DEADLINE_S, task
        )
