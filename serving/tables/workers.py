"""Runs computations in threads, off the event loop, with a bounded number of them at one time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from serving.server.deadline import Deadline

T = TypeVar("T")


class Workers:
    """`num_threads` computations run at one time; the others wait for their turn."""

    def __init__(self, num_threads: int) -> None:
        self._threads = ThreadPoolExecutor(num_threads, thread_name_prefix="tables")
        self._turns = asyncio.Semaphore(num_threads)
        self.num_waiting = 0

    async def run(self, work: Callable[[], T], deadline: Deadline) -> T:
        """The result of `work`. Raises ServingError DEADLINE_EXCEEDED.

        A thread cannot be interrupted: work whose caller has gone keeps its turn until it ends.
        """
        async with deadline.enforced():
            self.num_waiting += 1
            try:
                await self._turns.acquire()
            finally:
                self.num_waiting -= 1
            running = asyncio.get_running_loop().run_in_executor(self._threads, work)
            running.add_done_callback(self._ended)
            return await asyncio.shield(running)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ended(self, running: "asyncio.Future[Any]") -> None:
        self._turns.release()
        if not running.cancelled():
            # Read, so that asyncio does not report the failure of work that nobody waits for.
            running.exception()
