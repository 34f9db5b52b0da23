"""What a value is worth by itself, before it is asked how long that has been so."""

from dataclasses import dataclass
from enum import IntEnum

from tracking_plugin.proportion import Interval, positives_needed, wilson_interval


class Level(IntEnum):
    """How bad; what is worse is greater."""

    WARNING = 1
    CRITICAL = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One value of a metric; `support` is how many cases it was measured on, where that is known.

    `timestamp_ms` counts from the Unix epoch.
    """

    step: int
    value: float
    timestamp_ms: int
    support: int | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionResult:
    """Of one sample: `level` is None where nothing is wrong, `threshold` what it was held against.

    A sample that says nothing, such as one of no cases at all, `has_data` not: neither a good value
    nor a bad one.
    """

    has_data: bool = True
    level: Level | None = None
    threshold: float | None = None


NO_DATA = ConditionResult(has_data=False)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How much a share, measured on `support` cases, proves; the interval is Wilson's at 95%."""

    support: int | None = None
    interval: Interval | None = None
    is_insufficient: bool = False
    """Whether not even a perfect value on so many cases would prove that the bound is kept."""


def evidence(
    sample: Sample, *, floor: float | None = None, ceiling: float | None = None
) -> Evidence:
    """Of a share with a number of cases to go with it; what has no known support proves nothing.

    Source: Wilson's score interval, tracking_plugin.proportion.
    """
    support, share = sample.support, sample.value
    if not support or not 0 <= share <= 1:
        return Evidence(support=support, is_insufficient=True)
    return Evidence(
        support=support,
        interval=wilson_interval(round(share * support), support),
        is_insufficient=not _could_prove(support, floor=floor, ceiling=ceiling),
    )


def _could_prove(support: int, *, floor: float | None, ceiling: float | None) -> bool:
    # That a share stays under a ceiling is that its complement stays over a floor.
    bound = floor if floor is not None else None if ceiling is None else 1 - ceiling
    if bound is None or bound <= 0:
        return True
    needed = positives_needed(bound)
    return needed is not None and support >= needed
