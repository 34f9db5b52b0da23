"""Two models are compared on the same rows, with paired intervals over groups."""

import numpy as np
import pytest

from training.tables.errors import TableError
from training.tables.evaluation.difference import compare_predictions
from training.tables.evaluation.holdout import evaluate_holdout
from training.tables.labels import Floats, Labels
from training.tables.targets.problem_type import ProblemType

NUM_ROWS = 400
GROUPS = np.arange(NUM_ROWS) // 4


def classes(num_classes: int = 3) -> Labels:
    codes = np.arange(NUM_ROWS) % num_classes
    return Labels(
        problem_type=ProblemType.MULTICLASS,
        classes=tuple("abc"[:num_classes]),
        strata=codes,
        numbers=codes.astype(float),
    )


def numbers() -> Labels:
    draw = np.random.default_rng(0).normal(size=NUM_ROWS)
    return Labels(
        problem_type=ProblemType.REGRESSION,
        classes=(),
        strata=np.zeros(NUM_ROWS, np.int64),
        numbers=draw,
    )


def probabilities(labels: Labels, skill: float, seed: int = 0) -> Floats:
    """Noise that depends on the group, the same for each skill, and some knowledge of the label."""
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=(NUM_ROWS, 3)) + 2 * draw.normal(size=(100, 3))[GROUPS]
    scores[np.arange(NUM_ROWS), labels.strata] += skill
    shares: Floats = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return shares


def test_differences_are_those_of_both_reports() -> None:
    labels = classes()
    before, after = probabilities(labels, 0.5), probabilities(labels, 1.5)
    found = compare_predictions(labels, before, after, GROUPS)
    reports = [evaluate_holdout(labels, it, GROUPS).metrics for it in (before, after)]
    for name, difference in found.items():
        first, second = (report[name].value for report in reports)
        assert first is not None
        assert second is not None
        assert difference.value == pytest.approx(second - first)
        assert difference.value is not None
        assert difference.interval is not None
        low, high = difference.interval
        assert low < difference.value < high
    assert {"macro_f1", "accuracy", "log_loss", "brier", "auroc_macro"} <= found.keys()


def test_what_is_hard_for_both_models_does_not_widen_the_interval() -> None:
    labels = classes()
    before, after = probabilities(labels, 1.0), probabilities(labels, 1.2)
    difference = compare_predictions(labels, before, after, GROUPS)["log_loss"].interval
    alone = evaluate_holdout(labels, before, GROUPS).metrics["log_loss"].interval
    assert difference is not None
    assert alone is not None
    assert difference[1] - difference[0] < 0.3 * (alone[1] - alone[0])


def test_equal_models_do_not_differ_and_chance_alone_is_within_the_interval() -> None:
    labels = classes()
    same = probabilities(labels, 1.0)
    for difference in compare_predictions(labels, same, same, GROUPS).values():
        assert (difference.value, difference.interval) == (0, (0, 0))
    other = compare_predictions(labels, same, probabilities(labels, 1.0, seed=5), GROUPS)
    interval = other["macro_f1"].interval
    assert interval is not None
    assert interval[0] < 0 < interval[1]


def test_errors_of_numbers_are_compared_and_one_group_has_no_interval() -> None:
    labels = numbers()
    before, after = labels.numbers[:, None] + 1, labels.numbers[:, None] + 0.5
    found = compare_predictions(labels, before, after, GROUPS)
    assert found["rmse"].value == pytest.approx(-0.5)
    assert found["rmse"].interval == pytest.approx((-0.5, -0.5))
    alone = compare_predictions(labels, before, after, np.zeros(NUM_ROWS, np.int64))
    assert alone["rmse"].interval is None


def test_predictions_of_other_rows_are_refused() -> None:
    labels = classes()
    with pytest.raises(TableError, match="Expected predictions of the shape"):
        compare_predictions(labels, probabilities(labels, 1)[1:], probabilities(labels, 1), GROUPS)
