"""The gap says whether selection promised more than chance explains."""

import pytest

from training.tables.evaluation.gap import gap
from training.tables.evaluation.schema import Estimate, Score


def test_a_gap_within_chance() -> None:
    found = gap(
        Score(metric="macro_f1", value=0.80, interval=(0.77, 0.83)),
        Estimate(value=0.78, interval=(0.74, 0.82)),
    )
    assert found is not None
    assert found.difference == pytest.approx(0.02)
    assert found.interval == pytest.approx((0.02 - 0.05, 0.02 + 0.05))
    assert "within what chance explains" in found.sentence
    assert "macro F1 was 0.8 in selection and is 0.78" in found.sentence


def test_a_gap_beyond_chance_in_either_direction() -> None:
    holdout = Estimate(value=0.7, interval=(0.68, 0.72))
    worse = gap(Score(metric="accuracy", value=0.9), holdout)
    assert worse is not None
    assert worse.interval == pytest.approx((0.18, 0.22))
    assert "promised 0.2 too much" in worse.sentence
    better = gap(Score(metric="accuracy", value=0.5), holdout)
    assert better is not None
    assert "better by 0.2" in better.sentence


def test_of_errors_less_is_better() -> None:
    found = gap(
        Score(metric="log_loss", value=0.3, interval=(0.29, 0.31)),
        Estimate(value=0.5, interval=(0.4, 0.7)),
    )
    assert found is not None
    assert found.difference == pytest.approx(0.2)
    assert found.interval is not None
    low, high = found.interval
    assert 0 < low < 0.2 < high
    assert high - 0.2 > 0.2 - low


def test_an_undefined_metric_has_no_gap() -> None:
    assert gap(Score(metric="auroc_macro", value=0.9), Estimate(value=None)) is None
