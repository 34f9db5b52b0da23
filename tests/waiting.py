"""Waiting for a condition with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 60.0
POLL_INTERVAL_S = 0.05


def until(condition: Callable[[], T | None], what: str, deadline_s: float = DEADLINE_S) -> T:
    """The first true result of `condition`. Raises AssertionError, which names `what`, after `deadline_s`."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(POLL_INTERVAL_S)
    raise AssertionError(f"{what}: not within {deadline_s:.0f} s")
