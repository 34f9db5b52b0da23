"""Converts between milliseconds since the Unix epoch and the UTC times of responses and messages."""

import time
from datetime import UTC, datetime
from functools import lru_cache

_LAST_S = 253402300799


def unix_ms() -> int:
    """The present time."""
    return int(time.time() * 1000)


# All points of one write have the same timestamp.
@lru_cache(maxsize=256)
def utc(timestamp_ms: int) -> datetime:
    """The time; one outside the range of `datetime` becomes the nearest representable one."""
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0 if timestamp_ms < 0 else _LAST_S, UTC)
