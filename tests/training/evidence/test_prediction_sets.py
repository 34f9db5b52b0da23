"""The prediction sets against crepes, and their coverage on new samples."""

import numpy as np
import pytest
from crepes import ConformalClassifier

from tests.training.evidence.outputs import outputs
from training.evidence.prediction_sets import (
    fit_prediction_sets,
    prediction_sets,
    samples_needed,
)


def drawn(counts: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    found = outputs(counts, seed=seed)
    return found.logits.double().softmax(1).numpy(), found.targets.numpy()


@pytest.mark.parametrize("counts", [(60, 41, 9), (12, 30, 200)])
@pytest.mark.parametrize("coverage", [0.9, 0.75])
def test_the_sets_are_those_of_crepes(counts: tuple[int, ...], coverage: float) -> None:
    probabilities, targets = drawn(counts, 0)
    sets = fit_prediction_sets(probabilities, targets, coverage)
    new, _ = drawn((50, 50, 50), 1)
    reference = ConformalClassifier().fit(
        1 - probabilities[np.arange(len(targets)), targets], bins=targets
    )
    for index in range(3):
        expected = reference.predict_p(
            1 - new[:, [index]], bins=np.full(len(new), index), smoothing=False
        )
        # The borders of both are the same rational number, which floating point may miss.
        is_in = expected[:, 0] > 1 - coverage + 1e-9
        np.testing.assert_array_equal(prediction_sets(new, sets)[:, index], is_in)


def test_each_class_is_covered_as_promised() -> None:
    probabilities, targets = drawn((400, 400, 400), 2)
    sets = fit_prediction_sets(probabilities, targets)
    new, truth = drawn((2000, 2000, 2000), 3)
    hits = prediction_sets(new, sets)[np.arange(len(truth)), truth]
    for index in range(3):
        assert 0.86 <= hits[truth == index].mean() <= 0.94


def test_a_class_with_too_few_samples_is_always_in_the_set() -> None:
    probabilities, targets = drawn((30, 8, 0), 4)
    sets = fit_prediction_sets(probabilities, targets)
    assert sets.support == (30, 8, 0)
    assert sets.quantiles[0] is not None
    assert sets.quantiles[1:] == (None, None)
    assert prediction_sets(probabilities, sets)[:, 1:].all()


def test_nine_samples_are_needed_for_90_percent() -> None:
    assert samples_needed(0.9) == 9
    probabilities, targets = drawn((9, 8, 10), 5)
    quantiles = fit_prediction_sets(probabilities, targets).quantiles
    assert [value is not None for value in quantiles] == [True, False, True]
