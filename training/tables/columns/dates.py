"""Reads dates and times as people write them, of the years 1 to 9999."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MAX_DATE_CHARS = 48

_TIME = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})"
    r"(?:[.,](?P<fraction>\d{1,9}))?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_ISO = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _TIME
)
_NUMERIC = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second_part>\d{1,2})(?P=mark)(?P<year>\d{4})" + _TIME
)
_DAY_NAMED = re.compile(
    r"(?P<day>\d{1,2})\.?[ -](?P<name>[A-Za-z]{3,9})\.?,?[ -](?P<year>\d{4})" + _TIME
)
_NAMED_DAY = re.compile(r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})" + _TIME)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("jan january", "feb february", "mar march", "apr april", "may", "jun june"),
            *("jul july", "aug august", "sep sept september", "oct october", "nov november"),
            "dec december",
        ),
        start=1,
    )
    for name in names.split()
}


class DayOrder(StrEnum):
    """Which part of `03/04/2020` is the day."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


@dataclass(frozen=True)
class WrittenDate:
    """A date of a column."""

    moment: datetime
    """In UTC, without a zone."""
    has_time: bool
    has_zone: bool


def allowed_orders(text: str) -> frozenset[DayOrder] | None:
    """The orders of day and month that a date such as `03/04/2020` allows.

    None if its order is plain: the year stands first, the month has a name, or points separate
    the parts, which are only used with the day first. Empty if neither order gives a date.
    """
    found = _NUMERIC.fullmatch(text[: MAX_DATE_CHARS + 1])
    if found is None or found["mark"] == ".":
        return None
    return frozenset(order for order in DayOrder if read_date(text, order) is not None)


def read_date(text: str, order: DayOrder) -> WrittenDate | None:
    """The date in the text, or None. `order` is used for dates such as `03/04/2020`."""
    if len(text) > MAX_DATE_CHARS or not any(character.isdigit() for character in text):
        return None
    if (found := _ISO.fullmatch(text)) is not None:
        return _date(found, int(found["month"]), int(found["day"]))
    if (found := _NUMERIC.fullmatch(text)) is not None:
        first, second = int(found["first"]), int(found["second_part"])
        if found["mark"] == "." or order is DayOrder.DAY_FIRST:
            return _date(found, second, first)
        return _date(found, first, second)
    found = _DAY_NAMED.fullmatch(text) or _NAMED_DAY.fullmatch(text)
    if found is None or (month := _MONTHS.get(found["name"].lower())) is None:
        return None
    return _date(found, month, int(found["day"]))


def _date(found: re.Match[str], month: int, day: int) -> WrittenDate | None:
    try:
        moment = datetime(  # noqa: DTZ001, the zone is subtracted below
            int(found["year"]),
            month,
            day,
            _hour(found),
            int(found["minute"] or 0),
            int(found["second"] or 0),
            int((found["fraction"] or "0").ljust(6, "0")[:6]),
        )
        offset = _offset(found["zone"])
        return WrittenDate(moment - offset, found["hour"] is not None, found["zone"] is not None)
    except (ValueError, OverflowError):
        return None


def _hour(found: re.Match[str]) -> int:
    hour = int(found["hour"] or 0)
    if found["half"] is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no hour of a half day")
    return hour % 12 + (12 if found["half"][0] in "Pp" else 0)


def _offset(zone: str | None) -> timedelta:
    if zone in (None, "Z", "UTC"):
        return timedelta()
    digits = zone.replace(":", "")
    offset = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return -offset if digits[0] == "-" else offset
