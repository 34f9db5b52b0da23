"""Which curves are drawn, that their memory is bounded, and that any numbers can be drawn."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli.curve_chart import drawn, legend
from api.cli.curves import MOST_CURVES, MOST_POINTS, Chart, Curve, Curves, charted

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
STEPS = st.integers(-(2**63), 2**63 - 1)


def titles(curves: Curves) -> list[tuple[str, list[str]]]:
    return [(chart.title, [curve.label for curve in chart.curves]) for chart in curves.charts()]


def test_loss_and_accuracy_come_first_with_both_splits() -> None:
    curves = Curves()
    for name in ("score", "val/accuracy", "val/loss", "train/accuracy", "train/loss"):
        curves.add(name, 1, 0.5)

    assert titles(curves) == [("loss", ["train", "val"]), ("accuracy", ["train", "val"])]


def test_the_names_of_other_loops_are_drawn_too() -> None:
    curves = Curves()
    for name in ("lr", "epoch_loss", "eval_loss", "perplexity"):
        curves.add(name, 1, 0.5)

    assert titles(curves) == [("loss", ["epoch_loss", "eval_loss"]), ("lr", ["lr"])]


@pytest.mark.parametrize("name", ["epoch", "system/cpu", "critical/RAO", "per_class/Healthy"])
def test_what_is_no_curve_is_left_out(name: str) -> None:
    curves = Curves()
    curves.add(name, 1, 0.5)

    assert curves.charts() == []
    assert charted([name]) == {}


def test_the_last_value_at_a_step_counts_wherever_it_comes() -> None:
    curves = Curves()
    for step, value in ((2, 0.2), (1, 0.1), (2, 0.3)):
        curves.add("train/loss", step, value)

    assert curves.charts()[0].curves[0].points == [(1, 0.1), (2, 0.3)]


def test_long_curves_are_thinned_but_keep_their_extremes() -> None:
    curves = Curves()
    for step in range(5 * MOST_POINTS):
        curves.add("train/loss", step, math.sin(step))
    curves.add("train/loss", 7 * MOST_POINTS, 100.0)
    for step in range(7 * MOST_POINTS + 1, 10 * MOST_POINTS):
        curves.add("train/loss", step, math.sin(step))

    points = curves.charts()[0].curves[0].points
    assert len(points) <= MOST_POINTS
    assert (7 * MOST_POINTS, 100.0) in points
    assert [step for step, _ in points] == sorted(step for step, _ in points)


def test_the_number_of_curves_is_bounded_but_loss_is_never_left_out() -> None:
    curves = Curves()
    for index in range(10 * MOST_CURVES):
        curves.add(f"metric_{index}", 1, 0.5)
    curves.add("train/loss", 1, 0.5)

    assert len(curves._values) == MOST_CURVES + 1
    assert titles(curves)[0] == ("loss", ["train"])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(STEPS, FLOATS | st.none()), max_size=40),
    st.integers(1, 120),
    st.integers(1, 30),
)
def test_whatever_was_logged_fills_its_place(
    points: list[tuple[int, float | None]], width: int, height: int
) -> None:
    chart = Chart(title="x", curves=[Curve(label="y", points=sorted(dict(points).items()))])

    lines = drawn(chart, width, height).plain.split("\n")

    assert len(lines) == height
    assert {len(line) for line in lines} == {width}


def test_a_value_that_is_no_number_leaves_a_gap() -> None:
    whole = Curve(label="a", points=[(step, 1.0) for step in range(100)])
    torn = Curve(label="a", points=[(step, None if 30 < step < 70 else 1.0) for step in range(100)])

    def dots(curve: Curve) -> int:
        line = drawn(Chart(title="x", curves=[curve]), 80, 7).plain
        return sum("\u2801" <= character <= "\u28ff" for character in line)

    assert 0 < dots(torn) < dots(whole) - 20


def test_the_legend_tells_the_curves_apart_without_colour() -> None:
    chart = Chart(
        title="lo\x1b[1mss",
        curves=[Curve(label="train", points=[(1, 0.25)]), Curve(label="[b]val", points=[])],
    )

    assert legend(chart).plain.split() == ["lo[1mss", "⠒⠒", "train", "0.25", "●", "[b]val"]
