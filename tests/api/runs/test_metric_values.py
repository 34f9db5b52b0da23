"""Stored metric values are converted to what was logged and to what JSON can represent."""

import math
import sys

import pytest

from api.runs.metric_values import FiniteValue, count, finite, logged_value
from api.runs.schemas import NotFinite

LARGEST = sys.float_info.max


@pytest.mark.parametrize(
    ("stored", "logged"),
    [
        (0.5, 0.5),
        (-1e300, -1e300),
        (LARGEST, math.inf),
        (-LARGEST, -math.inf),
        (math.inf, math.inf),
    ],
)
def test_the_largest_float_stands_for_infinity(stored: float, logged: float) -> None:
    assert logged_value(stored) == logged


def test_nan_stays_nan() -> None:
    assert math.isnan(logged_value(math.nan))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (0.5, FiniteValue(0.5)),
        (math.nan, FiniteValue(None, NotFinite.NAN)),
        (math.inf, FiniteValue(None, NotFinite.INFINITY)),
        (LARGEST, FiniteValue(None, NotFinite.INFINITY)),
        (-LARGEST, FiniteValue(None, NotFinite.NEGATIVE_INFINITY)),
    ],
)
def test_a_value_that_is_not_finite_is_null_and_named(stored: float, expected: FiniteValue) -> None:
    assert finite(stored) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(13.0, 13), (0.0, 0), (None, None), (-1.0, None), (2.0**53, None), (math.nan, None)],
)
def test_a_count_is_a_whole_number_that_a_float_holds_exactly(
    value: float | None, expected: int | None
) -> None:
    assert count(value) == expected
