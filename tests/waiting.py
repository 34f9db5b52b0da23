"""Waiting for a condition with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 60.0
POLL_INTERVAL_S = 0.05
MAX_POLL_INTERVAL_S = 0.4
PAUSES_PER_POLL = 4
"""A condition that asks a server takes the processors from what it waits for."""


def until(condition: Callable[[], T | None], what: str, deadline_s: float = DEADLINE_S) -> T:
    """The first true result of `condition`. Raises AssertionError, which names `what`, after `deadline_s`."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        begin = time.monotonic()
        if answer := condition():
            return answer
        pause = PAUSES_PER_POLL * (time.monotonic() - begin)
        time.sleep(min(max(pause, POLL_INTERVAL_S), MAX_POLL_INTERVAL_S))
    raise AssertionError(f"{what}: not within {deadline_s:.0f} s")
