"""Each condition finds wrong values, and a bound reports the evidence."""

import math
from collections.abc import Sequence

import pytest

from api.alerts.conditions import Bound, Condition, Drop, NotFinite, Plateau, Spike
from api.alerts.samples import NO_DATA, ConditionResult, Level, Sample
from tracking_plugin.critical_conditions import ConditionStatus, condition_status

W, C = Level.WARNING, Level.CRITICAL


def sample(value: float, support: int | None = None) -> Sample:
    return Sample(step=1, value=value, timestamp_ms=0, support=support)


def judged(condition: Condition, value: float, earlier: Sequence[float] = ()) -> ConditionResult:
    return condition.check(sample(value), earlier)


@pytest.mark.parametrize(
    ("bound", "value", "level"),
    [
        (Bound(below=0.99), 0.99, None),
        (Bound(below=0.99), 0.9899, W),
        (Bound(below=0.99), 0.9 * 0.99, W),
        (Bound(below=0.99), 0.8909, C),
        (Bound(below=0.99), -math.inf, C),
        (Bound(below=0.99), math.inf, None),
        (Bound(above=80.0), 80.0, None),
        (Bound(above=80.0), 88.0, W),
        (Bound(above=80.0), 88.1, C),
        (Bound(above=80.0), math.inf, C),
        (Bound(below=-1.0), -1.05, W),
        (Bound(below=-1.0), -1.2, C),
        (Bound(above=-1.0), -0.95, W),
        (Bound(above=-1.0), -0.5, C),
        (Bound(above=0.0), 1e-9, C),
        (Bound(below=0.99, critical_factor=1.0), 0.98, C),
        (Bound(above=0.5, critical_factor=None), 1e9, W),
    ],
)
def test_a_bound_gives_the_level_of_a_value(
    bound: Bound, value: float, level: Level | None
) -> None:
    assert judged(bound, value) == ConditionResult(level=level, threshold=bound.threshold)


@pytest.mark.parametrize("floor", [0.97, 0.98, 0.99])
def test_a_floor_agrees_with_the_critical_conditions_of_the_dashboard(floor: float) -> None:
    shown = {None: ConditionStatus.OK, W: ConditionStatus.WARNING, C: ConditionStatus.CRITICAL}
    for thousandth in range(1001):
        value = thousandth / 1000
        level = judged(Bound(below=floor), value).level
        assert shown[level] is condition_status(value, floor)


def test_no_cases_are_no_data_whatever_the_value() -> None:
    bound = Bound(below=0.99, has_support=True)
    for value in (0.0, 1.0, math.nan):
        assert bound.check(sample(value, support=0), ()) == NO_DATA
    assert judged(bound, math.nan) == NO_DATA


@pytest.mark.parametrize(
    ("support", "is_insufficient"), [(13, True), (380, True), (381, False), (1000, False)]
)
def test_too_few_cases_are_insufficient_evidence(support: int, *, is_insufficient: bool) -> None:
    evidence = Bound(below=0.99, has_support=True).evidence(sample(1.0, support))
    assert evidence.is_insufficient is is_insufficient
    assert evidence.interval is not None
    assert evidence.interval[1] == 1.0
    assert (evidence.interval[0] < 0.99) is is_insufficient


def test_a_ceiling_needs_the_evidence_of_its_complement() -> None:
    ceiling = Bound(above=0.01, has_support=True)
    assert ceiling.evidence(sample(0.0, 380)).is_insufficient
    assert not ceiling.evidence(sample(0.0, 381)).is_insufficient


def test_an_unknown_number_of_cases_is_insufficient_evidence() -> None:
    evidence = Bound(below=0.99, has_support=True).evidence(sample(1.0))
    assert (evidence.support, evidence.interval, evidence.is_insufficient) == (None, None, True)
    assert not Bound(below=0.99).evidence(sample(1.0)).is_insufficient


@pytest.mark.parametrize(("value", "level"), [(3.0, None), (math.nan, C), (-math.inf, C)])
def test_a_loss_that_is_not_finite_is_critical(value: float, level: Level | None) -> None:
    assert judged(NotFinite(), value).level is level


USUAL = [1.0 + 0.01 * math.sin(step) for step in range(100)]


@pytest.mark.parametrize(
    ("value", "earlier", "level"),
    [
        (1.02, USUAL, None),
        (1.15, USUAL, W),
        (5.0, USUAL, C),
        (0.1, USUAL, None),
        (5.0, USUAL[:19], None),
        (1.05, [1.0] * 100, None),
        (1.5, [1.0] * 100, C),
        (1.15, [*USUAL[:90], *[100.0] * 10], W),
    ],
)
def test_a_spike_is_relative_to_the_earlier_values(
    value: float, earlier: list[float], level: Level | None
) -> None:
    assert judged(Spike(), value, earlier).level is level


@pytest.mark.parametrize(
    ("value", "earlier", "level"),
    [
        (0.5, [0.5] * 10, W),
        (0.49, [0.5] * 10, None),
        (0.4999, [0.5] * 10, W),
        (0.5, [0.5] * 9, None),
        (0.6, [0.5, *[0.55] * 8, 0.4], None),
        (0.6, [0.5, *[0.55] * 9], W),
    ],
)
def test_a_plateau_is_a_lack_of_improvement(
    value: float, earlier: list[float], level: Level | None
) -> None:
    assert judged(Plateau(), value, earlier).level is level


@pytest.mark.parametrize(
    ("value", "earlier", "level"),
    [(60.0, [100.0] * 50, None), (40.0, [100.0] * 50, W), (1.0, [100.0] * 19, None)],
)
def test_a_drop_is_relative_to_the_earlier_values(
    value: float, earlier: list[float], level: Level | None
) -> None:
    assert judged(Drop(), value, earlier).level is level


@pytest.mark.parametrize("condition", [Spike(), Plateau(), Drop()])
def test_only_the_condition_for_non_finite_values_has_data_on_them(condition: Condition) -> None:
    for value in (math.nan, math.inf):
        assert judged(condition, value, [1.0] * 300) == NO_DATA
