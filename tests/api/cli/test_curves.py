"""Which curves are drawn, their bounded memory, and drawing of any values."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli.curve_chart import draw_chart, legend
from api.cli.curves import MAX_CURVES, MAX_POINTS, Chart, Curve, Curves, charted_metrics

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
STEPS = st.integers(-(2**63), 2**63 - 1)


def titles(curves: Curves) -> list[tuple[str, list[str]]]:
    return [(chart.title, [curve.label for curve in chart.curves]) for chart in curves.charts()]


def test_loss_and_accuracy_come_first_with_both_splits() -> None:
    curves = Curves()
    for name in ("score", "val/accuracy", "val/loss", "train/accuracy", "train/loss"):
        curves.add(name, 1, 0.5)

    assert titles(curves) == [("loss", ["train", "val"]), ("accuracy", ["train", "val"])]


def test_metric_names_of_other_training_loops_are_drawn() -> None:
    curves = Curves()
    for name in ("lr", "epoch_loss", "eval_loss", "perplexity"):
        curves.add(name, 1, 0.5)

    assert titles(curves) == [("loss", ["epoch_loss", "eval_loss"]), ("perplexity", ["perplexity"])]


@pytest.mark.parametrize(
    ("logged", "expected"),
    [
        (
            ["train_loss_step", "train_loss_epoch", "train_loss", "val_loss", "val_acc", "lr-Adam"],
            {"loss": ["train_loss", "val_loss"], "accuracy": ["val_acc"]},
        ),
        (
            ["loss", "grad_norm", "learning_rate", "epoch", "eval_loss", "eval_runtime"],
            {"loss": ["loss", "eval_loss"], "runtime": ["eval_runtime"]},
        ),
        (
            ["train/box_loss", "val/box_loss", "train/loss", "val/loss"],
            {"loss": ["train/loss", "val/loss"], "box loss": ["train/box_loss", "val/box_loss"]},
        ),
    ],
)
def test_the_splits_of_one_measure_share_a_chart(
    logged: list[str], expected: dict[str, list[str]]
) -> None:
    assert charted_metrics(logged) == expected


def test_a_loss_has_a_curve_however_many_other_metrics_come_before_it() -> None:
    curves = Curves()
    for name in (*(f"layer_{index}/weight" for index in range(1000)), "train_loss", "val_loss"):
        curves.add(name, 1, 0.5)

    assert titles(curves)[0] == ("loss", ["train_loss", "val_loss"])


@pytest.mark.parametrize("name", ["epoch", "system/cpu", "critical/RAO", "per_class/Healthy"])
def test_metrics_of_the_machine_and_of_classes_are_not_drawn(name: str) -> None:
    curves = Curves()
    curves.add(name, 1, 0.5)

    assert curves.charts() == []
    assert charted_metrics([name]) == {}


def test_a_later_value_replaces_the_one_at_the_same_step() -> None:
    curves = Curves()
    for step, value in ((2, 0.2), (1, 0.1), (2, 0.3)):
        curves.add("train/loss", step, value)

    assert curves.charts()[0].curves[0].points == [(1, 0.1), (2, 0.3)]


def test_long_curves_are_downsampled_but_keep_their_extremes() -> None:
    curves = Curves()
    for step in range(5 * MAX_POINTS):
        curves.add("train/loss", step, math.sin(step))
    curves.add("train/loss", 7 * MAX_POINTS, 100.0)
    for step in range(7 * MAX_POINTS + 1, 10 * MAX_POINTS):
        curves.add("train/loss", step, math.sin(step))

    points = curves.charts()[0].curves[0].points
    assert len(points) <= MAX_POINTS
    assert (7 * MAX_POINTS, 100.0) in points
    assert [step for step, _ in points] == sorted(step for step, _ in points)


def test_the_number_of_curves_is_bounded_but_loss_is_always_kept() -> None:
    curves = Curves()
    for index in range(10 * MAX_CURVES):
        curves.add(f"metric_{index}", 1, 0.5)
    curves.add("train/loss", 1, 0.5)

    assert len(curves._values) == MAX_CURVES + 1
    assert titles(curves)[0] == ("loss", ["train"])


@settings(max_examples=150)
@given(
    st.lists(st.tuples(STEPS, FLOATS | st.none()), max_size=40),
    st.integers(1, 120),
    st.integers(1, 30),
)
def test_a_chart_of_any_values_has_the_requested_size(
    points: list[tuple[int, float | None]], width: int, height: int
) -> None:
    chart = Chart(title="x", curves=[Curve(label="y", points=sorted(dict(points).items()))])

    lines = draw_chart(chart, width, height).plain.split("\n")

    assert len(lines) == height
    assert {len(line) for line in lines} == {width}


def test_a_value_that_is_not_a_number_is_a_gap() -> None:
    unbroken = Curve(label="a", points=[(step, 1.0) for step in range(100)])
    broken = Curve(
        label="a", points=[(step, None if 30 < step < 70 else 1.0) for step in range(100)]
    )

    def dots(curve: Curve) -> int:
        line = draw_chart(Chart(title="x", curves=[curve]), 80, 7).plain
        return sum("\u2801" <= character <= "\u28ff" for character in line)

    assert 0 < dots(broken) < dots(unbroken) - 20


def test_the_legend_distinguishes_curves_without_colour() -> None:
    chart = Chart(
        title="lo\x1b[1mss",
        curves=[Curve(label="train", points=[(1, 0.25)]), Curve(label="[b]val", points=[])],
    )

    assert legend(chart).plain.split() == ["lo[1mss", "⠒⠒", "train", "0.25", "●", "[b]val"]
