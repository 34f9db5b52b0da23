import time

import pytest
import torch

from tracking_plugin.wilson_interval import wilson_interval
from training.errors import DataError
from training.evaluation.intervals import (
    bootstrap_intervals,
    class_auroc_key,
)
from training.evaluation.metrics import Predictions, evaluate_predictions
from training.evaluation.scoring import WeightedScores, summary
from training.taxonomies.taxonomy import Modality, Taxonomy


def taxonomy(num_classes: int) -> Taxonomy:
    return Taxonomy(
        name="some",
        classes=tuple(f"class_{index}" for index in range(num_classes)),
        modalities=(Modality.OTHER,) * num_classes,
        critical_conditions=(),
    )


def some_predictions(*supports: int, seed: int = 0) -> Predictions:
    targets = torch.repeat_interleave(torch.arange(len(supports)), torch.tensor(supports))
    generator = torch.Generator().manual_seed(seed)
    # Rounding makes ties, which an AUROC must count as half.
    logits = torch.randn(len(targets), len(supports), generator=generator).round(decimals=1)
    logits[torch.arange(len(targets)), targets] += 1
    return Predictions(logits=logits, targets=targets)


def test_equal_weights_give_the_metrics_of_the_evaluation() -> None:
    predictions = some_predictions(40, 0, 25, 3, 12)
    evaluation = evaluate_predictions(predictions, taxonomy(5))
    scores = WeightedScores(predictions)
    once = torch.ones(1, 80, dtype=torch.float64)
    overall = summary(scores.confusion(once), scores.auroc(once))
    assert {name: value.item() for name, value in overall.items()} == pytest.approx(
        evaluation.metrics, abs=1e-9
    )
    assert scores.loss(once).item() == pytest.approx(evaluation.loss, abs=1e-9)


def test_weights_equal_copies_of_the_samples() -> None:
    predictions = some_predictions(20, 15, 2, 9)
    scores = WeightedScores(predictions)
    draws = torch.randint(46, (30, 46), generator=torch.Generator().manual_seed(3))
    weights = torch.zeros(30, 46, dtype=torch.float64)
    weights.scatter_add_(1, draws, torch.ones(30, 46, dtype=torch.float64))
    auroc, loss = scores.auroc(weights), scores.loss(weights)
    overall = summary(scores.confusion(weights), auroc)
    assert bool(auroc.isnan().any()), "some resample should lack the rare class"
    for row, drawn in enumerate(draws):
        copies = Predictions(logits=predictions.logits[drawn], targets=predictions.targets[drawn])
        expected = evaluate_predictions(copies, taxonomy(4))
        resampled = {name: values[row].item() for name, values in overall.items()}
        assert resampled == pytest.approx(expected.metrics, abs=1e-9)
        assert loss[row].item() == pytest.approx(expected.loss, abs=1e-9)


def test_intervals_contain_the_estimates_and_have_their_names() -> None:
    predictions, classes = some_predictions(60, 40, 0, 20), taxonomy(4)
    intervals = bootstrap_intervals(predictions, classes, num_resamples=400, seed=1)
    evaluation = evaluate_predictions(predictions, classes)
    estimates = evaluation.metrics | {"loss": evaluation.loss}
    for name, estimate in estimates.items():
        low, high = intervals[name]
        assert low < estimate < high
    defined = {class_auroc_key(f"class_{index}") for index in (0, 1, 3)}
    assert set(intervals) == set(estimates) | defined


def test_the_accuracy_interval_is_as_wide_as_wilsons() -> None:
    predictions = some_predictions(200, 100)
    evaluation = evaluate_predictions(predictions, taxonomy(2))
    interval = bootstrap_intervals(predictions, taxonomy(2), num_resamples=2000, seed=0)["accuracy"]
    hits = sum(evaluation.confusion_matrix[index][index] for index in range(2))
    wilson = wilson_interval(hits, 300)
    assert interval == pytest.approx(wilson, abs=0.015)
    assert interval[1] - interval[0] == pytest.approx(wilson[1] - wilson[0], rel=0.08)


def test_the_same_seed_gives_the_same_intervals() -> None:
    predictions = some_predictions(30, 20)
    first, again, other = (
        bootstrap_intervals(predictions, taxonomy(2), num_resamples=50, seed=seed)
        for seed in (5, 5, 6)
    )
    assert first == again != other


def test_a_lower_confidence_gives_narrower_intervals() -> None:
    predictions = some_predictions(30, 20)
    wide, narrow = (
        bootstrap_intervals(
            predictions, taxonomy(2), num_resamples=200, seed=0, confidence=confidence
        )["accuracy"]
        for confidence in (0.95, 0.5)
    )
    assert wide[0] < narrow[0] <= narrow[1] < wide[1]


def test_groups_of_one_sample_equal_no_groups() -> None:
    predictions = some_predictions(30, 20)
    options = {"num_resamples": 50, "seed": 5}
    grouped = bootstrap_intervals(
        predictions, taxonomy(2), groups=torch.arange(50) * 7 + 100, **options
    )
    assert grouped == bootstrap_intervals(predictions, taxonomy(2), **options)


def test_copies_within_a_group_do_not_narrow_the_interval() -> None:
    one_each = some_predictions(40, 30)
    patients = torch.arange(70).repeat_interleave(10)
    copied = Predictions(logits=one_each.logits[patients], targets=one_each.targets[patients])
    options = {"num_resamples": 100, "seed": 2}
    expected = bootstrap_intervals(one_each, taxonomy(2), **options)
    grouped = bootstrap_intervals(copied, taxonomy(2), groups=patients, **options)
    naive = bootstrap_intervals(copied, taxonomy(2), **options)["accuracy"]
    assert grouped["accuracy"] == pytest.approx(expected["accuracy"])
    assert grouped["auc_roc_macro"] == pytest.approx(expected["auc_roc_macro"])
    assert naive[1] - naive[0] < 0.6 * (grouped["accuracy"][1] - grouped["accuracy"][0])


def test_a_single_sample_or_group_has_no_interval() -> None:
    assert bootstrap_intervals(some_predictions(1, 0), taxonomy(2), seed=0) == {}
    one_patient = torch.zeros(5, dtype=torch.int64)
    assert (
        bootstrap_intervals(some_predictions(3, 2), taxonomy(2), seed=0, groups=one_patient) == {}
    )


def test_groups_of_another_length_are_refused() -> None:
    with pytest.raises(DataError, match=r"each of the 5 samples, but got groups of shape \[4\]"):
        bootstrap_intervals(some_predictions(3, 2), taxonomy(2), seed=0, groups=torch.arange(4))


def test_a_thousand_resamples_of_two_thousand_samples_take_seconds() -> None:
    predictions = some_predictions(*range(57, 86))
    assert len(predictions.targets) == 2059
    start = time.process_time()
    bootstrap_intervals(predictions, taxonomy(29), seed=0)
    assert time.process_time() - start < 30
