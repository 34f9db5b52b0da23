"""The time until which a request must be answered; each step gets what is left of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from serving.errors import Reason, ServingError


@dataclass(frozen=True)
class Deadline:
    """`ends_at` is a time of `clock`, in seconds."""

    ends_at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, timeout_s: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        return cls(clock() + timeout_s, clock)

    def left_s(self) -> float:
        """Seconds left, more than 0. Raises ServingError DEADLINE_EXCEEDED if there are none."""
        left = self.ends_at - self.clock()
        if left <= 0:
            raise deadline_exceeded()
        return left

    @asynccontextmanager
    async def enforced(self) -> AsyncIterator[None]:
        """Cancel what is inside once no time is left. Raises ServingError DEADLINE_EXCEEDED then."""
        try:
            async with asyncio.timeout(self.left_s()):
                yield
        except TimeoutError:
            raise deadline_exceeded() from None


def deadline_exceeded() -> ServingError:
    return ServingError(
        Reason.DEADLINE_EXCEEDED,
        "The answer was not ready before the deadline: allow more time, or send less.",
    )
