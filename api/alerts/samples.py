"""Logged values, the result of a condition on one of them, and the evidence behind it."""

from dataclasses import dataclass
from enum import IntEnum

from tracking_plugin.wilson_interval import Interval, positives_needed, wilson_interval


class Level(IntEnum):
    """Severity; the worse level is greater."""

    WARNING = 1
    CRITICAL = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One value of a metric; `support` is the number of cases that it was measured on, if known.

    `timestamp_ms` counts from the Unix epoch.
    """

    step: int
    value: float
    timestamp_ms: int
    support: int | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionResult:
    """The result for one sample: `level` is None if nothing is wrong, `threshold` is the limit applied.

    `has_data` is False if the sample is neither good nor bad, such as a sensitivity on no cases.
    """

    has_data: bool = True
    level: Level | None = None
    threshold: float | None = None


NO_DATA = ConditionResult(has_data=False)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The statistical evidence of a proportion measured on `support` cases, with Wilson's 95% interval."""

    support: int | None = None
    interval: Interval | None = None
    is_insufficient: bool = False
    """Whether even a perfect value on so many cases could not prove that the bound is kept."""


def evidence(
    sample: Sample, *, floor: float | None = None, ceiling: float | None = None
) -> Evidence:
    """The evidence of a proportion. Without a known support it is insufficient.

    Source: Wilson's score interval, tracking_plugin.wilson_interval.
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
    # A proportion is below a ceiling if its complement is above a floor.
    bound = floor if floor is not None else None if ceiling is None else 1 - ceiling
    if bound is None or bound <= 0:
        return True
    needed = positives_needed(bound)
    return needed is not None and support >= needed
