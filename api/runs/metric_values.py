"""Metric values as MLflow's store returns them: NaN, the infinities, and counts that are stored as floats."""

import math
import sys
from typing import NamedTuple

from api.runs.schemas import NotFinite

_LARGEST_COUNT = 2**53
"""From here on a float does not hold every whole number."""


class FiniteValue(NamedTuple):
    """A float as JSON can represent it: `value` is null if `not_finite` is set."""

    value: float | None
    not_finite: NotFinite | None = None


def logged_value(stored: float) -> float:
    """The value that was logged: MLflow's SQL store keeps an infinity as the largest float."""
    if abs(stored) < sys.float_info.max or math.isnan(stored):
        return stored
    return math.copysign(math.inf, stored)


def finite(stored: float) -> FiniteValue:
    """The value for JSON."""
    value = logged_value(stored)
    if math.isfinite(value):
        return FiniteValue(value)
    if math.isnan(value):
        return FiniteValue(None, NotFinite.NAN)
    return FiniteValue(None, NotFinite.INFINITY if value > 0 else NotFinite.NEGATIVE_INFINITY)


def count(value: float | None) -> int | None:
    """A number of cases; None if `value` cannot be one, for example if it is negative or too large."""
    return int(value) if value is not None and 0 <= value < _LARGEST_COUNT else None
