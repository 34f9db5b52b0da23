"""Bounds the requests: some are worked on, some wait, and the others are refused at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from serving.errors import Reason, ServingError
from serving.server.deadline import Deadline


class Admission:
    """`max_active` requests are worked on at one time, and `max_waiting` more may wait for that."""

    def __init__(self, *, max_active: int, max_waiting: int) -> None:
        self._turns = asyncio.Semaphore(max_active)
        self._most = max_active + max_waiting
        self._num_admitted = 0
        self._num_waiting = 0

    @property
    def num_waiting(self) -> int:
        """Requests and images of batches that wait for their turn."""
        return self._num_waiting

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for a request, held until its end. Raises ServingError QUEUE_FULL if there is none."""
        if self._num_admitted >= self._most:
            raise ServingError(
                Reason.QUEUE_FULL,
                f"The service has {self._most} requests, and no place for more: try again later.",
            )
        self._num_admitted += 1
        try:
            yield
        finally:
            self._num_admitted -= 1

    @asynccontextmanager
    async def turn(self, deadline: Deadline) -> AsyncIterator[None]:
        """Wait until it may be worked on. Raises ServingError DEADLINE_EXCEEDED."""
        self._num_waiting += 1
        try:
            async with deadline.enforced():
                await self._turns.acquire()
        finally:
            self._num_waiting -= 1
        try:
            yield
        finally:
            self._turns.release()
