"""Intervals from sums over groups are those of the plain bootstrap of rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from tests.training.tables.evaluation.made_predictions import calibrated
from training.tables.evaluation.class_metrics import (
    ClassPredictions,
    DecisionCounts,
    decision_metrics,
)
from training.tables.evaluation.proportions import grouped_intervals
from training.tables.evaluation.ranked_classes import rank_classes
from training.tables.evaluation.resampling import Resampling


def plain_interval(num_rows: int, measure: Callable[[Any], float]) -> "np.ndarray[Any, Any]":
    generator = np.random.default_rng(5)
    samples = [measure(generator.integers(num_rows, size=num_rows)) for _ in range(400)]
    return np.quantile(samples, [0.025, 0.975])


def test_intervals_are_those_of_the_plain_bootstrap() -> None:
    codes, p = calibrated(1, 300, 2, sharpness=1.0)
    predictions = ClassPredictions(codes, p)
    resampling = Resampling(np.arange(300), num_resamples=4000)
    counts = DecisionCounts.of(predictions, resampling)
    macro = decision_metrics(counts, resampling)[0]["macro_f1"]
    decided = p.argmax(axis=1)
    expected = plain_interval(
        300, lambda rows: f1_score(codes[rows], decided[rows], average="macro")
    )
    assert macro.interval == pytest.approx(expected, abs=0.015)
    area = rank_classes(predictions, resampling).aurocs[1]
    expected = plain_interval(300, lambda rows: roc_auc_score(codes[rows], p[rows, 1]))
    assert area.interval == pytest.approx(expected, abs=0.015)


def test_groups_joined_at_random_keep_the_width() -> None:
    values = np.random.default_rng(2).normal(size=40_000)
    widths = []
    # As many sums as leave 500 units.
    for num_sums in (1, 24_000):
        resampling = Resampling(np.arange(40_000), num_sums=num_sums)
        sums = resampling.sums(np.ones(40_000), values)
        (mean,) = resampling.estimates(sums, lambda totals: totals[:, 1:] / totals[:, :1])
        assert mean.value == pytest.approx(values.mean())
        assert mean.interval is not None
        widths.append(mean.interval[1] - mean.interval[0])
    assert resampling.num_units == 500
    assert widths == pytest.approx([2 * 1.96 / 200] * 2, rel=0.2)


def test_all_found_is_no_certainty() -> None:
    three = np.ones((3, 1))
    assert grouped_intervals(three, three, 1.0)[0] == pytest.approx((0.4385, 1.0), abs=1e-4)
    # Three rows of one group are one trial.
    (interval,) = grouped_intervals(np.full((1, 1), 3.0), np.full((1, 1), 3.0), 3.0)
    assert interval == pytest.approx((0.2065, 1.0), abs=1e-4)
    assert grouped_intervals(np.zeros((3, 1)), np.zeros((3, 1)), 1.0) == [None]


def test_grouped_intervals_cover_as_often_as_they_say() -> None:
    generator = np.random.default_rng(3)
    rates = generator.beta(4, 2, size=(400, 60))
    successes = generator.binomial(5, rates).T.astype(np.float64)
    trials = np.full_like(successes, 5.0)
    found = grouped_intervals(successes, trials, 5.0)
    covered = np.mean([item is not None and item[0] <= 2 / 3 <= item[1] for item in found])
    assert 0.92 <= covered <= 0.98
