"""Which learner comes next, which trials are hopeless, and which models are combined."""

import numpy as np
import pytest

from tests.training.tables.selection.made_tables import split_rows
from training.tables.selection.candidate import Candidate, CandidateStatus
from training.tables.selection.greedy import MAX_MODELS, greedy_weights
from training.tables.selection.pruning import is_hopeless
from training.tables.selection.schedule import next_learner
from training.tables.selection.scores import learnable_rows, loss, macro_f1


def finished(learner: str, score: float, seconds: float) -> Candidate:
    return Candidate(
        number=0,
        learner=learner,
        params={},
        status=CandidateStatus.FINISHED,
        score=score,
        fold_scores=(score,),
        fold_rounds=(1,),
        seconds=seconds,
        message="",
        oof=np.empty((0, 2)),
        metrics={},
    )


def test_the_promising_learner_with_the_least_time_is_next() -> None:
    names = ["linear", "lightgbm", "catboost"]
    done = [finished("linear", 0.9, 1), finished("lightgbm", 0.5, 4), finished("catboost", 0.49, 9)]
    assert next_learner(names, names[:2], done[:2], 10) == "catboost"
    assert next_learner(names, names, done, 20) == "lightgbm"
    assert next_learner(names, [*names, "lightgbm", "lightgbm"], done, 20) == "catboost"
    assert next_learner(names, [*names, "lightgbm", "lightgbm"], done, 8) == "lightgbm"
    assert next_learner(names, names, done, 3) is None
    assert next_learner(names, [], [], 0) is None


def test_a_trial_is_hopeless_if_each_fold_is_worse_and_all_by_far() -> None:
    best = (0.5, 0.6, 0.4)
    assert is_hopeless([0.6], best)
    assert not is_hopeless([0.51], best)
    assert not is_hopeless([0.7, 0.59], best)
    assert is_hopeless([0.6, 0.7], best)
    assert not is_hopeless([0.9, 0.9, 0.9], best), "it is finished"
    assert not is_hopeless([], best)


def test_models_that_err_on_different_rows_are_combined() -> None:
    draw = np.random.default_rng(0)
    targets = draw.normal(size=400)
    two = [(targets + draw.normal(size=400))[:, np.newaxis] for _ in range(2)]
    noise = draw.normal(size=(400, 1)) * 5
    weights = greedy_weights([two[0], noise, two[1]], targets, has_classes=False)
    assert weights == pytest.approx((0.5, 0, 0.5), abs=0.1)
    assert sum(weights) == pytest.approx(1)
    mean = np.average([two[0], noise, two[1]], axis=0, weights=weights)
    assert loss(mean, targets, has_classes=False) < min(
        loss(item, targets, has_classes=False) for item in two
    )


def test_an_ensemble_has_few_models() -> None:
    draw = np.random.default_rng(0)
    targets = draw.normal(size=200)
    many = [(targets + draw.normal(size=200))[:, np.newaxis] for _ in range(20)]
    weights = greedy_weights(many, targets, has_classes=False)
    assert 2 < np.count_nonzero(weights) <= MAX_MODELS


def test_rows_of_classes_that_training_lacks_compare_nothing() -> None:
    targets = np.zeros(10)
    targets[[3, 4]] = 1
    targets[7] = 2
    folds = split_rows(12).folds[:1]
    compared = learnable_rows(folds, targets, has_classes=True)
    expected = [row for row in folds[0].validation if targets[row] in targets[folds[0].train]]
    assert compared.tolist() == expected


def test_macro_f1_is_of_the_classes_that_have_rows() -> None:
    probabilities = np.eye(4)[[0, 0, 1, 3]]
    assert macro_f1(probabilities, np.array([0, 0, 1, 1])) == pytest.approx((1 + 2 / 3) / 2)
