"""A run's own thresholds, and the sentence that says which of them cannot be used."""

import json

import pytest

from api.runs.critical_thresholds import critical_thresholds, has_thresholds, read_thresholds
from tracking_plugin.critical_conditions import (
    MAX_PARAM_CHARS,
    MIN_SENSITIVITY,
    THRESHOLD_PARAMS,
    TooManyThresholdsError,
    threshold_params,
)
from tracking_plugin.names import Param

LARGE = {
    f"A retinal condition with quite a long name, {number}": 0.9 + number / 10_000
    for number in range(150)
}


def test_thresholds_longer_than_a_parameter_are_read_back_whole() -> None:
    params = threshold_params(LARGE)

    assert len(json.dumps(LARGE)) > MAX_PARAM_CHARS
    assert all(len(text) < MAX_PARAM_CHARS for text in params.values())
    assert len(params) > 1
    assert critical_thresholds(params) == LARGE
    assert read_thresholds(params).problem is None
    assert all(has_thresholds([name]) for name in params)


@pytest.mark.parametrize("floors", [{}, {"RAO": 0.9}, {"बहुत लंबा नाम" * 30: 0.5, "b": 0.7}])
def test_few_thresholds_are_one_parameter(floors: dict[str, float]) -> None:
    params = threshold_params(floors)
    assert list(params) == [Param.CRITICAL_THRESHOLDS]
    assert critical_thresholds(params) == floors


def test_more_thresholds_than_the_parameters_hold_are_refused() -> None:
    with pytest.raises(TooManyThresholdsError, match="do not fit into the parameters of a run"):
        threshold_params({f"{number:05d}" * 500: 0.5 for number in range(200)})


def test_a_parameter_that_mlflow_has_cut_is_named_and_the_shipped_thresholds_count() -> None:
    cut = json.dumps(LARGE)[:MAX_PARAM_CHARS]

    found = read_thresholds({Param.CRITICAL_THRESHOLDS: cut})

    assert found.floors == MIN_SENSITIVITY
    assert found.problem == (
        "The parameter critical_thresholds is no JSON object, since MLflow has cut it after 6000 "
        "characters: the shipped thresholds count instead, where there are any"
    )


def test_one_unusable_part_leaves_the_others_in_force() -> None:
    found = read_thresholds({THRESHOLD_PARAMS[0]: '{"RAO": 0.9}', THRESHOLD_PARAMS[1]: "[" * 5000})

    assert found.floors == {**MIN_SENSITIVITY, "RAO": 0.9}
    assert found.problem is not None
    assert "critical_thresholds_2 is no JSON object:" in found.problem


def test_unusable_thresholds_are_named_in_short() -> None:
    text = json.dumps({f"{letter}\u202e" * 100: "nan" for letter in "abcde"})

    problem = read_thresholds({Param.CRITICAL_THRESHOLDS: text}).problem

    assert problem is not None
    assert " and 2 more is no number from 0 to 1" in problem
    assert len(problem) < 300
    assert "\u202e" not in problem


def test_a_run_without_thresholds_of_its_own_has_no_problem() -> None:
    assert read_thresholds({"learning_rate": "1"}).problem is None
