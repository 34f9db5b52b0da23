"""The axes and lines of charts, for any values that MLflow can hold."""
# ruff: noqa: RUF001 - numbers have a real minus sign

import math
import re

import numpy as np
import pytest

from api.reports.charts import HEIGHT, WIDTH, line_chart, round_values
from api.reports.numbers import Numbers
from api.reports.schemas import Language
from api.runs.series import once_per_step

NUMBERS = Numbers(Language.EN)
VALUES = [
    [1.0, 2.0],
    [5.0, 5.0],
    [0.0, 0.0],
    [-1e300, 1e300],
    [1.7e308, -1.7e308],
    [1e-30, 3e-30],
    [5e-324, 1e-323],
    [1.0, 1.0 + 1e-15],
    [math.nan, 1.0],
    [math.inf, -math.inf],
]


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("steps", [[1, 2], [0, 2**62], [-5, 10**18]])
def test_every_point_lies_in_the_drawing(values: list[float], steps: list[int]) -> None:
    chart = line_chart("m", [("m", once_per_step(steps, steps, values))], NUMBERS)

    places = [
        tuple(map(float, point.split(",")))
        for line in chart.lines
        for part in line.parts
        for point in part.split()
    ]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert len(places) + chart.num_not_finite == 2
    assert len(chart.y_ticks) <= 12
    assert all(0 <= tick.at <= HEIGHT for tick in chart.y_ticks)


def test_a_value_that_is_not_finite_is_a_gap() -> None:
    series = once_per_step(np.arange(4), np.arange(4), [1.0, math.nan, 2.0, 3.0])

    [line] = line_chart("m", [("m", series)], NUMBERS).lines

    assert [len(part.split()) for part in line.parts] == [1, 2]


def test_ticks_are_round() -> None:
    assert round_values(0.0, 1.0) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.91, "0.91"),
        (0.999999999, "0.999999999"),
        (1.0, "1"),
        (-12345.678, "−12346"),
        (1e-30, "1e−30"),
        (1.5e300, "1.5e300"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_are_short_and_never_rounded_to_perfection(value: float, text: str) -> None:
    assert NUMBERS.value(value) == text


def test_french_numbers_have_a_comma() -> None:
    french = Numbers(Language.FR)

    assert french.interval((0.5, 0.75)) == "0,5 à 0,75"
    assert french.duration(61) == "1 min 1 s"
    assert not re.search(r"\d\.\d", french.percent(0.123))
