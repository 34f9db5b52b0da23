"""Verdicts become metrics per class."""

import pytest
from mlflow.utils.validation import _validate_metric_name

from api.diagnosis.records import feedback_metrics


def test_agreement_is_counted_by_the_predicted_class_and_sensitivity_by_the_true_one() -> None:
    metrics = feedback_metrics({("RAO", "RAO"): 3, ("RAO", "RVO"): 1, ("Normal", "RAO"): 2})

    assert metrics == {
        "feedback/agreement/Normal": 0,
        "feedback/support/Normal": 2,
        "feedback/agreement/RAO": 0.75,
        "feedback/support/RAO": 4,
        "feedback/sensitivity/RAO": 0.6,
        "feedback/sensitivity_support/RAO": 5,
        "feedback/sensitivity/RVO": 0,
        "feedback/sensitivity_support/RVO": 1,
    }


def test_abstentions_predict_no_class() -> None:
    assert feedback_metrics({("", "RAO"): 5}) == {}


@pytest.mark.parametrize("name", ["a/b", "é (2)", "x%y", "a\nb", "(#"])
def test_every_class_gives_a_name_that_mlflow_accepts(name: str) -> None:
    for metric in feedback_metrics({(name, name): 1}):
        _validate_metric_name(metric)
        assert metric.count("/") == 2
