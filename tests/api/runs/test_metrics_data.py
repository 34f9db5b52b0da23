"""Flat metric names are nested, for every kind of value."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.runs.critical_thresholds import critical_thresholds
from api.runs.metrics_data import SHORT_NAMES, Nesting, nest
from api.runs.schemas import CriticalCondition, MetricsData, NotFinite
from tracking_plugin.critical_conditions import MIN_SENSITIVITY, ConditionStatus
from tracking_plugin.names import Metric, Param
from tracking_plugin.wilson_interval import wilson_interval


def test_every_metric_has_its_field() -> None:
    data = nest(
        {
            "train/loss": 1,
            "val/loss": 2,
            "train/accuracy": 3,
            "val/accuracy": 4,
            "val/auc_roc_macro": 5,
            "val/auc_roc_weighted": 6,
            "val/f1": 7,
            "train/learning_rate": 8,
            "per_class/Drusen": 9,
            "per_class/a/b": 10,
            "somebody/elses": 11,
            "per_class": 12,
            "critical/": 13,
        }
    )
    assert data.model_dump(exclude_defaults=True) == {
        "loss": {"train": 1, "val": 2},
        "accuracy": {"train": 3, "val": 4},
        "auc_roc": {"macro": 5, "weighted": 6},
        "f1_score": 7,
        "learning_rate": 8,
        "per_class": {"Drusen": 9, "a/b": 10},
        "other": {"somebody/elses": 11, "per_class": 12, "critical/": 13},
    }


def test_short_names_stand_for_the_metrics_in_their_field() -> None:
    assert set(SHORT_NAMES["loss"]) == {Metric.TRAIN_LOSS, Metric.VAL_LOSS}
    assert SHORT_NAMES["f1_score"] == (Metric.VAL_F1,)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, NotFinite.NAN),
        (math.inf, NotFinite.INFINITY),
        (-math.inf, NotFinite.NEGATIVE_INFINITY),
        (1.7976931348623157e308, NotFinite.INFINITY),
        (-1.7976931348623157e308, NotFinite.NEGATIVE_INFINITY),
    ],
)
def test_a_value_that_json_cannot_represent_is_null_and_named(
    value: float, expected: NotFinite
) -> None:
    data = nest(
        {"val/loss": value, "other": value, "critical/RAO": value, "critical_support/RAO": 9}
    )
    assert data.loss.val is None
    assert data.other == {"other": None}
    assert data.critical_conditions["RAO"].status == ConditionStatus.NO_DATA
    assert data.not_finite == {"val/loss": expected, "other": expected, "critical/RAO": expected}


def test_a_value_that_is_finite_again_is_no_longer_named() -> None:
    nesting = Nesting({})
    nesting.update({"val/loss": math.nan})
    nesting.update({"val/loss": 0.5})
    assert nesting.data.loss.val == 0.5
    assert nesting.data.not_finite == {}


def test_the_status_of_a_condition_depends_on_its_support() -> None:
    data = nest({"critical/RAO": 0.95, "critical_support/RAO": 20})
    assert data.critical_conditions == {
        "RAO": CriticalCondition(
            sensitivity=0.95,
            threshold=MIN_SENSITIVITY["RAO"],
            status=ConditionStatus.WARNING,
            support=20,
            confidence_interval=wilson_interval(19, 20),
        )
    }


@pytest.mark.parametrize(
    ("values", "thresholds", "expected"),
    [
        ({"critical/RAO": 1.0}, {"RAO": 0.9}, ConditionStatus.OK),
        ({"critical/RAO": 0.5}, {"RAO": 0.9}, ConditionStatus.CRITICAL),
        ({"critical/RAO": 1.0, "critical_support/RAO": 0}, {"RAO": 0.9}, ConditionStatus.NO_DATA),
        ({"critical_support/RAO": 5}, {"RAO": 0.9}, ConditionStatus.NO_DATA),
        ({"critical/RAO": 1.0}, {}, ConditionStatus.NO_DATA),
    ],
)
def test_a_condition_without_positives_or_threshold_is_never_ok(
    values: dict[str, float], thresholds: dict[str, float], expected: ConditionStatus
) -> None:
    assert nest(values, thresholds).critical_conditions["RAO"].status == expected


@pytest.mark.parametrize("support", [-1, 1e16, 1e200, math.nan, math.inf])
def test_a_support_that_is_not_a_count_is_ignored(support: float) -> None:
    condition = nest({"critical/RAO": 1.0, "critical_support/RAO": support})
    judged = condition.critical_conditions["RAO"]
    assert judged.support is None
    assert judged.confidence_interval is None
    assert judged.status == ConditionStatus.OK


@given(st.permutations(["critical/RAO", "critical_support/RAO", "val/loss"]))
def test_the_order_of_names_does_not_matter(order: list[str]) -> None:
    values = {"critical/RAO": 0.9, "critical_support/RAO": 10, "val/loss": 0.1}
    assert nest({name: values[name] for name in order}) == nest(values)


names = st.sampled_from(
    [
        "critical/RAO",
        "critical_support/RAO",
        "critical/x",
        "critical_support/x",
        "val/loss",
        "per_class/a",
        "b",
    ]
)


@given(st.lists(st.tuples(names, st.floats())))
def test_updates_give_the_same_data_as_all_values_at_once(logged: list[tuple[str, float]]) -> None:
    nesting = Nesting(MIN_SENSITIVITY)
    for name, value in logged:
        nesting.update({name: value})
    json.loads(nesting.data.model_dump_json(), parse_constant=pytest.fail)
    assert nesting.data == nest(dict(logged))


def test_a_run_can_set_its_own_thresholds() -> None:
    assert critical_thresholds({Param.CRITICAL_THRESHOLDS: '{"RAO": 0.9, "new": "0.5"}'}) == {
        "RAO": 0.9,
        "new": 0.5,
    }
    assert critical_thresholds({Param.CRITICAL_THRESHOLDS: "{}"}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        '"x"',
        '{"RAO": null}',
        '{"RAO": "high"}',
        '{"RAO": 1%s}' % ("0" * 400),
    ],
)
def test_thresholds_that_cannot_be_parsed_are_those_of_the_taxonomy(text: str) -> None:
    assert critical_thresholds({Param.CRITICAL_THRESHOLDS: text}) == MIN_SENSITIVITY
    assert critical_thresholds({}) == MIN_SENSITIVITY


def test_two_results_share_no_data() -> None:
    one = nest({"val/loss": 1, "per_class/a": 1, "other": math.nan, "critical/RAO": 1})
    assert one != MetricsData()
    assert nest({}) == MetricsData()
    assert MetricsData().model_dump(exclude_defaults=True) == {}
    assert MetricsData().loss is not MetricsData().loss


def test_thousands_of_metrics_are_nested_quickly() -> None:
    values = {f"per_class/{index}": float(index) for index in range(5000)}
    nesting = Nesting({})
    nesting.update(values)
    nesting.update({"per_class/7": 0.5})
    assert nesting.data.per_class == {
        **{str(index): float(index) for index in range(5000)},
        "7": 0.5,
    }


@pytest.mark.parametrize(
    "limit", ["NaN", '"nan"', "Infinity", "-1", "1.01", "true", "null", "[]", "1e999", '"high"']
)
def test_a_threshold_that_would_silence_an_alert_is_that_of_the_taxonomy(limit: str) -> None:
    text = f'{{"RAO": {limit}, "new": {limit}, "CNV": 0.5}}'

    assert critical_thresholds({Param.CRITICAL_THRESHOLDS: text}) == {**MIN_SENSITIVITY, "CNV": 0.5}


def test_a_deeply_nested_parameter_is_no_threshold() -> None:
    for text in ("[" * 5900, '{"RAO":' * 5900):
        assert critical_thresholds({Param.CRITICAL_THRESHOLDS: text}) == MIN_SENSITIVITY
