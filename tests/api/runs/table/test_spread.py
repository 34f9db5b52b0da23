"""Mean and spread of values of any size."""

import math
import statistics
import sys

import pytest

from api.runs.table.natural_order import in_natural_order
from api.runs.table.spread import spread


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_the_spread_is_that_of_the_numbers_at_any_scale(scale: float) -> None:
    numbers = [1.0, 2.5, -3.0, 4.25]

    found = spread([number * scale for number in numbers])

    assert found.mean == pytest.approx(statistics.fmean(numbers) * scale, rel=1e-14, abs=0)
    assert found.std == pytest.approx(statistics.stdev(numbers) * scale, rel=1e-14, abs=0)
    assert (found.min, found.max) == (-3.0 * scale, 4.25 * scale)


def test_close_numbers_far_from_zero_have_their_spread() -> None:
    found = spread([1e9 + 0.001, 1e9 + 0.002, 1e9 + 0.003])

    assert found.std == pytest.approx(0.001, rel=1e-3)


def test_values_that_are_not_finite_are_counted_apart() -> None:
    # MLflow's SQL store keeps an infinity as the largest float.
    found = spread([1.0, math.nan, sys.float_info.max, -sys.float_info.max])

    assert (found.num, found.num_not_finite, found.mean, found.std) == (1, 3, 1.0, None)
    assert spread([math.nan]).mean is None
    assert spread([0.0, 0.0]).std == 0


def test_numbers_come_before_texts_and_what_is_missing_comes_last() -> None:
    texts = ["10", "9", "b", "A", None, "1e-5", "nan"]

    ordered = in_natural_order([(text, text) for text in texts])

    assert ordered == ["1e-5", "9", "10", "A", "b", "nan", None]
    backwards = in_natural_order([(text, text) for text in texts], is_descending=True)
    assert backwards == ["nan", "b", "A", "10", "9", "1e-5", None]
