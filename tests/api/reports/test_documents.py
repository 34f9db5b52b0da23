"""Evaluations from artifacts that any client may have written."""

from typing import Any

import pytest

from api.reports.evaluation_documents import missing_evidence, of_holdout, of_scores
from api.reports.evaluations import Estimate
from tests.api.reports.made_facts import HOLDOUT, SCORES

WRONG: list[Any] = [
    None,
    [],
    "text",
    7,
    {"metrics": [], "classes": {}, "confusion_matrix": 3, "calibration": "x"},
    {"metrics": {"a": {"value": "1", "interval": [1]}}, "critical_conditions": [1, {"name": 2}]},
    {"confusion": {"classes": ["a"], "counts": [[1, 2]]}, "num_rows": -1, "notes": [1]},
    {"confusion_matrix": {"rows": ["a"], "columns": ["a"], "counts": [["x"]]}},
    {"metrics": {"a": {"value": 10**400, "interval": [float("nan"), 1]}}},
]


@pytest.mark.parametrize("document", WRONG)
def test_parts_of_another_form_count_as_absent(document: Any) -> None:
    for found in (of_scores("test", document), of_holdout(document, others="others")):
        assert found.confusion is None
        assert found.conditions == ()
        assert all(each == Estimate() for each in found.metrics.values())
    assert missing_evidence(document) == ()


def test_scores_have_their_intervals_and_counts() -> None:
    found = of_scores("test", SCORES)

    assert found.metrics["accuracy"] == Estimate(value=0.91, interval=(0.86, 0.95))
    assert found.conditions[0].sensitivity.num == 12
    assert found.confusion is not None
    assert found.confusion.counts == ((12, 1), (0, 107))
    assert found.is_independent


def test_cases_that_were_trained_on_make_an_evaluation_dependent() -> None:
    seen = {**SCORES, "seen_images": {"trained_on": 3, "chosen_with": 0}}

    assert not of_scores("test", seen).is_independent


def test_the_reliability_after_a_temperature_is_shown_as_such() -> None:
    split = {"expected_calibration_error": 0.01, "bins": []}
    rescaled = {**SCORES, "calibration": {**SCORES["calibration"], "after": split}}

    assert not of_scores("test", SCORES).is_rescaled
    assert of_scores("test", rescaled).is_rescaled
    assert of_scores("test", rescaled).calibration_error == Estimate(value=0.01)


def test_of_two_classes_one_curve_is_drawn() -> None:
    assert len(of_holdout(HOLDOUT, others="others").roc) == 1


def test_a_matrix_of_many_classes_is_only_counted() -> None:
    names = [f"class {number}" for number in range(41)]
    counts = [[0] * 41 for _ in names]
    found = of_holdout({"confusion": {"classes": names, "counts": counts}}, others="others")

    assert found.confusion is None
    assert found.num_matrix_classes == 41


def test_what_was_not_shown_of_a_condition_is_said_once() -> None:
    conditions = [{"name": name, "note": "cannot be shown"} for name in ("RAO", "CNV")]
    found = missing_evidence({"missing": ["RAO cannot be shown."], "conditions": conditions})

    assert found == ("RAO cannot be shown.", "CNV: cannot be shown")
