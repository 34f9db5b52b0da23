"""Numbers and times as short text for a terminal."""

from datetime import datetime

NOTHING = "-"


def number(value: float | None) -> str:
    """`value` with four significant digits."""
    return NOTHING if value is None else f"{value:.4g}"


def clock(seconds: float | None) -> str:
    """A duration as hours, minutes and seconds."""
    if seconds is None:
        return NOTHING
    minutes, whole_s = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole_s:02}"


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was, in its largest unit."""
    if moment is None:
        return NOTHING
    seconds = max(0.0, (now - moment).total_seconds())
    for unit_s, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit_s:
            return f"{int(seconds // unit_s)} {unit} ago"
    return f"{int(seconds)} s ago"
