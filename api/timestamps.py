"""Moments as answers and messages show them: UTC, from milliseconds since the Unix epoch."""

import time
from datetime import UTC, datetime
from functools import lru_cache

_LAST_S = 253402300799


def unix_ms() -> int:
    """This moment by this machine's clock."""
    return int(time.time() * 1000)


# The points of one write have one timestamp, all of them.
@lru_cache(maxsize=256)
def utc(timestamp_ms: int) -> datetime:
    """The moment; what no calendar holds becomes the calendar's nearest end."""
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0 if timestamp_ms < 0 else _LAST_S, UTC)
