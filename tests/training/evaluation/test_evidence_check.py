"""What the evidence of a registered model does on another split."""

import numpy as np
import pytest

from tests.training.evidence.outputs import outputs, taxonomy
from training.evaluation.evidence_check import check_evidence, checked_metrics, stored_evidence
from training.evaluation.scoring import Predictions
from training.evidence.fitting import fit_evidence
from training.evidence.schema import ModelEvidence

CLASSES = taxonomy(3, ("RAO", (1,), 0.9), ("RVO", (0, 2), 0.999))
VAL = fit_evidence(outputs(), CLASSES).evidence
TEST = outputs((80, 70, 60), seed=1)
PREDICTIONS = Predictions(logits=TEST.logits, targets=TEST.targets)


def test_the_counts_are_those_of_a_plain_count() -> None:
    checked = check_evidence(PREDICTIONS, VAL, CLASSES)
    assert VAL.temperature is not None
    assert VAL.prediction_sets is not None
    probabilities = (TEST.logits.double() / VAL.temperature).softmax(1).numpy()
    contained = [
        [
            1 - p <= (q if q is not None else 1)
            for p, q in zip(row, VAL.prediction_sets.quantiles, strict=True)
        ]
        for row in probabilities
    ]
    hits = [row[target] for row, target in zip(contained, TEST.targets.tolist(), strict=True)]
    assert checked.coverage is not None
    assert (checked.coverage.successes, checked.coverage.total) == (sum(hits), 210)
    assert checked.class_coverage["class 2"].total == 60
    assert checked.mean_set_size == pytest.approx(np.sum(contained) / 210)
    rao, rvo = checked.conditions
    called = probabilities[:, 1] >= VAL.conditions[0].threshold
    assert rao.found.hits == int(called[TEST.targets.numpy() == 1].sum())
    assert rao.found.support == 70
    assert rao.found.specificity.total == 140
    assert (rvo.threshold, rvo.found.support) == (None, 0)
    assert "cannot be shown" in rvo.note


def test_the_temperature_lowers_the_calibration_error() -> None:
    checked = check_evidence(PREDICTIONS, VAL, CLASSES)
    assert checked.error_after is not None
    assert checked.error_after < checked.error_before
    assert checked.errors is not None
    assert checked.errors.before[0] < checked.error_before < checked.errors.before[1]
    low, high = checked.errors.change
    assert low < checked.error_after - checked.error_before < high
    assert checked.errors.debiased_after < checked.errors.debiased_before
    assert checked_metrics(checked).keys() == {
        "expected_calibration_error",
        "prediction_set_coverage",
        "prediction_set_size",
    }


def test_missing_parts_have_no_figures() -> None:
    checked = check_evidence(PREDICTIONS, ModelEvidence(missing=("Nothing.",)), CLASSES)
    assert (checked.coverage, checked.error_after, checked.conditions) == (None, None, ())
    assert checked.errors is None
    assert checked.missing == ("Nothing.",)
    assert checked_metrics(checked) == {}


def test_damaged_evidence_is_as_none(caplog: pytest.LogCaptureFixture) -> None:
    assert stored_evidence(None) is None
    assert stored_evidence({"temperature": "warm"}) is None
    assert "damaged" in caplog.text
    assert stored_evidence(VAL.model_dump(mode="json")) == VAL
