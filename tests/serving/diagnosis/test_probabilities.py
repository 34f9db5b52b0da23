import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.diagnosis.probabilities import (
    calibrated_probabilities,
    condition_results,
    predicted_set,
    primary_class,
)
from serving.errors import Reason, ServingError
from tests.serving.diagnosis.requests import (
    EVIDENCE,
    RAO,
    RAO_NOT_SHOWN,
    RAO_THRESHOLD,
    certain,
    model,
)
from training.evidence.schema import ConditionThreshold, ModelEvidence, PredictionSets

LOGITS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=5, max_size=5)


@given(logits=LOGITS, temperature=st.floats(0.01, 100) | st.none())
def test_probabilities_sum_to_one_and_keep_the_most_probable_class(
    logits: list[float], temperature: float | None
) -> None:
    described = model(evidence=ModelEvidence(temperature=temperature))
    probabilities = calibrated_probabilities(np.array(logits, np.float32), described)
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities >= 0).all()
    assert probabilities[int(np.argmax(logits))] == probabilities.max()


def test_the_temperature_divides_the_logits() -> None:
    logits = np.array([0, 0, 0, 0, 2], np.float32)
    hot = calibrated_probabilities(logits, model(evidence=ModelEvidence(temperature=2.0)))
    plain = calibrated_probabilities(logits / 2, model(evidence=ModelEvidence()))
    assert hot == pytest.approx(plain)


@pytest.mark.parametrize(
    "logits",
    [[0, 0, 0, 0, np.nan], [0, 0, 0, 0, np.inf], [0, 0, 0, 0, -np.inf], [0, 0], [[0] * 5]],
)
def test_logits_that_are_no_numbers_or_of_other_classes_are_refused(logits: list[float]) -> None:
    with pytest.raises(ServingError, match="finite logits") as refused:
        calibrated_probabilities(np.array(logits, np.float32), model())
    assert refused.value.reason is Reason.MODEL_FAILED


@given(
    logits=LOGITS,
    quantiles=st.lists(st.floats(0, 1) | st.none(), min_size=5, max_size=5),
)
def test_a_prediction_set_is_never_empty_and_in_order_of_probability(
    logits: list[float], quantiles: list[float | None]
) -> None:
    evidence = ModelEvidence(
        prediction_sets=PredictionSets(coverage=0.9, quantiles=tuple(quantiles))
    )
    probabilities = calibrated_probabilities(np.array(logits), model(evidence=evidence))
    found = predicted_set(probabilities, evidence)
    assert found.classes
    assert len(set(found.classes)) == len(found.classes)
    assert found.coverage == 0.9
    shares = [probabilities[index] for index in found.classes]
    assert shares == sorted(shares, reverse=True)
    for index, quantile in enumerate(quantiles):
        if quantile is None or 1 - probabilities[index] <= quantile:
            assert index in found.classes


def test_where_no_class_is_within_its_quantile_the_set_is_the_most_probable_class() -> None:
    evidence = ModelEvidence(prediction_sets=PredictionSets(coverage=0.9, quantiles=(0.1,) * 5))
    probabilities = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
    assert predicted_set(probabilities, evidence).classes == (0,)


def test_a_model_without_sets_claims_no_coverage() -> None:
    found = predicted_set(np.full(5, 0.2), ModelEvidence())
    assert (found.classes, found.coverage, found.method) == ((), 0.0, "")


def test_sets_and_conditions_of_other_classes_are_refused() -> None:
    sets = ModelEvidence(prediction_sets=PredictionSets(coverage=0.9, quantiles=(0.5, 0.5)))
    with pytest.raises(ServingError, match="for 2 classes"):
        predicted_set(np.full(5, 0.2), sets)
    for classes in ((5,), (-1,)):
        condition = ConditionThreshold(name="RAO", classes=classes, required_sensitivity=0.99)
        with pytest.raises(ServingError, match="names classes"):
            condition_results(np.full(5, 0.2), ModelEvidence(conditions=(condition,)))


@pytest.mark.parametrize(("share", "is_positive"), [(0.199, False), (0.2, True), (0.9, True)])
def test_an_image_is_positive_at_its_threshold_and_above(share: float, is_positive: bool) -> None:
    probabilities = np.array([1 - share, 0, 0, share, 0])
    (result,) = condition_results(probabilities, EVIDENCE)
    assert result.evidence is RAO_THRESHOLD
    assert result.probability == pytest.approx(share)
    assert result.is_positive is is_positive
    assert result.is_decided


def test_without_a_threshold_the_most_probable_class_decides() -> None:
    evidence = ModelEvidence(conditions=(RAO_NOT_SHOWN,))
    (negative,) = condition_results(np.array([0.5, 0, 0, 0.4, 0.1]), evidence)
    (positive,) = condition_results(np.array(certain(RAO)), evidence)
    assert not negative.is_positive
    assert positive.is_positive
    assert not positive.is_decided


def test_the_classes_of_a_condition_count_once_and_together() -> None:
    condition = ConditionThreshold(
        name="X", classes=(1, 2, 2), required_sensitivity=0.9, threshold=0.5
    )
    (result,) = condition_results(
        np.array([0.4, 0.3, 0.3, 0, 0]), ModelEvidence(conditions=(condition,))
    )
    assert result.probability == pytest.approx(0.6)
    assert result.is_positive


def test_of_equal_probabilities_the_first_class_is_primary() -> None:
    assert primary_class(np.full(5, 0.2)) == 0
