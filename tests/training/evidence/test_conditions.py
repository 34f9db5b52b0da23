"""Decision thresholds: the required sensitivity is shown by the interval, or it cannot be shown."""

import numpy as np
import pytest

from tracking_plugin.wilson_interval import wilson_interval
from training.evidence.conditions import fit_threshold, most_misses
from training.taxonomies.taxonomy import CriticalCondition

GROUP = CriticalCondition(name="RVO", class_indices=(1, 2), min_sensitivity=0.9)


def drawn(num_positives: int, num_negatives: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of 4 classes; the condition is that of classes 1 and 2."""
    random = np.random.default_rng(seed)
    targets = np.array(
        [1 + index % 2 for index in range(num_positives)]
        + [3 * (i % 2) for i in range(num_negatives)]
    )
    logits = random.normal(size=(len(targets), 4))
    logits[np.arange(len(targets)), targets] += 2
    exponents = np.exp(logits)
    return exponents / exponents.sum(axis=1, keepdims=True), targets


def test_the_threshold_is_the_highest_whose_interval_reaches_the_requirement() -> None:
    probabilities, targets = drawn(120, 200)
    found = fit_threshold(GROUP, probabilities, targets)
    scores = probabilities[:, [1, 2]].sum(axis=1)
    positives = np.isin(targets, [1, 2])

    def lower_bound(threshold: float) -> float:
        return wilson_interval(int((scores[positives] >= threshold).sum()), 120)[0]

    shown = [score for score in scores[positives] if lower_bound(score) >= 0.9]
    assert found.threshold == max(shown)
    assert found.support == 120
    assert found.sensitivity == (scores[positives] >= found.threshold).mean()
    assert found.confidence_interval is not None
    assert found.confidence_interval[0] >= 0.9
    assert found.specificity == (scores[~positives] < found.threshold).mean()
    assert found.note == ""


def test_the_sensitivity_holds_on_new_samples() -> None:
    reached = []
    for seed in range(200):
        probabilities, targets = drawn(60, 1, seed)
        found = fit_threshold(GROUP, probabilities, targets)
        new, truth = drawn(2000, 1, 10_000 + seed)
        scores = new[:, [1, 2]].sum(axis=1)[np.isin(truth, [1, 2])]
        reached.append((scores >= found.threshold).mean() >= 0.9)
    assert np.mean(reached) >= 0.93


@pytest.mark.parametrize(
    ("support", "required", "note"),
    [
        (13, 0.99, "cannot be shown: 13 positives, and 0.99 takes at least 381"),
        (0, 0.9, "cannot be shown: 0 positives, and 0.9 takes at least 35"),
        (1, 0.9, "cannot be shown: 1 positive,"),
        (50, 1.0, "no number of them shows a sensitivity of 1"),
    ],
)
def test_too_few_positives_show_nothing(support: int, required: float, note: str) -> None:
    condition = CriticalCondition(name="RAO", class_indices=(1, 2), min_sensitivity=required)
    found = fit_threshold(condition, *drawn(support, 40))
    assert note in found.note
    assert (found.threshold, found.sensitivity, found.confidence_interval) == (None, None, None)
    assert found.support == support


def test_as_many_positives_as_the_note_says_are_enough() -> None:
    assert most_misses(380, 0.99) is None
    assert most_misses(381, 0.99) == 0
    assert most_misses(34, 0.9) is None
    assert most_misses(35, 0.9) == 0


def test_equal_scores_are_all_found() -> None:
    probabilities = np.full((100, 4), 0.25)
    found = fit_threshold(GROUP, probabilities, np.array([1] * 60 + [0] * 40))
    assert (found.sensitivity, found.specificity) == (1.0, 0.0)


def test_without_negatives_there_is_no_specificity() -> None:
    found = fit_threshold(GROUP, *drawn(60, 0))
    assert found.threshold is not None
    assert (found.specificity, found.specificity_interval) == (None, None)
