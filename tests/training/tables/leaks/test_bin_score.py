"""Scores of bins are areas under ROC curves on rows that were not seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from training.tables.labels import Labels
from training.tables.leaks.bin_score import NO_SCORE, areas_of_bins, rank_score, score_bins
from training.tables.leaks.model_score import area
from training.tables.splits.table_split import Fold
from training.tables.targets.problem_type import ProblemType


def labels_of(codes: list[int], num_classes: int = 2) -> Labels:
    return Labels(
        problem_type=ProblemType.MULTICLASS,
        classes=tuple("abcdef"[:num_classes]),
        strata=np.array(codes, np.int64),
        numbers=np.array(codes, np.float64),
    )


def halves(num_rows: int) -> list[Fold]:
    even, odd = np.arange(0, num_rows, 2), np.arange(1, num_rows, 2)
    return [Fold(even, odd), Fold(odd, even)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=60))
def test_areas_are_those_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    bins, positive = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    counts = np.zeros((5, 2))
    np.add.at(counts, (bins, positive.astype(int)), 1)
    rates = np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.3, 0.7], [0.0, 1.0]])
    areas = areas_of_bins(rates, counts)
    scores = rates[bins, 1]
    if positive.all() or not positive.any():
        assert np.isnan(areas).all()
        assert area(scores, positive) is None
    else:
        expected = roc_auc_score(positive, scores)
        assert areas[1] == pytest.approx(expected)
        assert area(scores, positive) == pytest.approx(expected)


def test_a_copy_scores_one_and_noise_near_a_half() -> None:
    codes = [0, 0, 1, 1] * 100
    labels = labels_of(codes)
    assert score_bins(labels.strata, labels, halves(400)).mean == 1
    bins = np.random.default_rng(1).integers(0, 5, 400)
    assert score_bins(bins, labels, halves(400)).mean == pytest.approx(0.5, abs=0.07)


def test_values_of_one_row_each_teach_nothing() -> None:
    labels = labels_of([0, 0, 1, 1] * 25)
    assert score_bins(np.arange(100), labels, halves(100)).mean == 0.5


def test_the_best_class_may_be_much_better_than_the_average() -> None:
    codes = [0, 0, 1, 1, 2, 2] * 50
    labels = labels_of(codes, num_classes=3)
    score = score_bins((labels.strata == 2).astype(np.int64), labels, halves(300))
    assert score.best == 1
    assert 0.7 < score.mean < 0.9


def test_a_fold_without_two_classes_does_not_count() -> None:
    labels = labels_of([0] * 10)
    assert score_bins(np.zeros(10, np.int64), labels, halves(10)) == NO_SCORE


def test_numbers_are_scored_by_rank() -> None:
    numbers = np.exp(np.arange(10.0))
    assert rank_score(np.arange(10.0), numbers) == rank_score(np.arange(10.0), np.arange(10.0))
    found = rank_score(-np.arange(10.0), numbers)
    assert found is not None
    assert found.mean == pytest.approx(0)
    assert rank_score(np.zeros(10), numbers) == NO_SCORE
    assert rank_score(numbers, np.zeros(10)) is None
