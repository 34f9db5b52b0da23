"""Every transition of an alert, and the properties that hold for all series."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.alerts.conditions import Bound
from api.alerts.samples import Level, Sample
from api.alerts.state_machine import (
    AlertState,
    Evaluation,
    Patience,
    Progress,
    evaluate,
    evaluate_all,
)

FLOOR = Bound(below=0.9)
GOOD, WARNING, CRITICAL, NOTHING = 0.95, 0.85, 0.5, float("nan")
S = AlertState
W, C = Level.WARNING, Level.CRITICAL

NO_DATA = Progress()
OK = Progress(state=S.OK)
PENDING = Progress(state=S.PENDING, num_bad=1)
FIRING = Progress(state=S.FIRING, level=W)
ALARMING = Progress(state=S.FIRING, level=C)
RESOLVED = Progress(state=S.RESOLVED)


def after(before: Progress, *values: float, patience: Patience) -> Progress:
    samples = [Sample(step=step, value=value, timestamp_ms=0) for step, value in enumerate(values)]
    progress = [it.after for it in evaluate_all(FLOOR, patience, samples, before)][-1]
    return replace(progress, last_step=None)


@pytest.mark.parametrize(
    ("before", "value", "state", "level"),
    [
        (NO_DATA, NOTHING, S.NO_DATA, None),
        (NO_DATA, GOOD, S.OK, None),
        (NO_DATA, WARNING, S.FIRING, W),
        (NO_DATA, CRITICAL, S.FIRING, C),
        (OK, NOTHING, S.NO_DATA, None),
        (OK, GOOD, S.OK, None),
        (OK, WARNING, S.FIRING, W),
        (OK, CRITICAL, S.FIRING, C),
        (FIRING, NOTHING, S.FIRING, W),
        (FIRING, GOOD, S.FIRING, W),
        (FIRING, WARNING, S.FIRING, W),
        (FIRING, CRITICAL, S.FIRING, C),
        (ALARMING, NOTHING, S.FIRING, C),
        (ALARMING, GOOD, S.FIRING, C),
        (ALARMING, WARNING, S.FIRING, C),
        (ALARMING, CRITICAL, S.FIRING, C),
        (RESOLVED, NOTHING, S.NO_DATA, None),
        (RESOLVED, GOOD, S.OK, None),
        (RESOLVED, WARNING, S.FIRING, W),
        (RESOLVED, CRITICAL, S.FIRING, C),
    ],
)
def test_every_state_has_its_transitions(
    before: Progress, value: float, state: AlertState, level: Level | None
) -> None:
    moved = after(before, value, patience=Patience())
    assert (moved.state, moved.level) == (state, level)


@pytest.mark.parametrize(
    ("before", "value", "state"),
    [
        (NO_DATA, WARNING, S.PENDING),
        (OK, WARNING, S.PENDING),
        (RESOLVED, CRITICAL, S.PENDING),
        (PENDING, NOTHING, S.PENDING),
        (PENDING, GOOD, S.OK),
        (PENDING, WARNING, S.FIRING),
        (PENDING, CRITICAL, S.FIRING),
    ],
)
def test_a_rule_can_require_two_evaluations_to_fire(
    before: Progress, value: float, state: AlertState
) -> None:
    assert after(before, value, patience=Patience(to_fire=2)).state is state


def test_a_good_value_in_between_restarts_the_count() -> None:
    values = [WARNING, WARNING, GOOD, WARNING, WARNING]
    assert after(OK, *values, patience=Patience(to_fire=3)).state is S.PENDING
    assert after(OK, *values, WARNING, patience=Patience(to_fire=3)).state is S.FIRING


def test_missing_data_neither_confirms_nor_resolves() -> None:
    assert after(OK, WARNING, NOTHING, WARNING, patience=Patience(to_fire=2)).state is S.FIRING
    assert after(FIRING, GOOD, NOTHING, GOOD, patience=Patience()).state is S.RESOLVED


@pytest.mark.parametrize(
    ("values", "state", "level"),
    [
        ([GOOD], S.FIRING, C),
        ([GOOD, GOOD], S.RESOLVED, None),
        ([GOOD, WARNING], S.FIRING, W),
        ([GOOD, WARNING, GOOD], S.FIRING, W),
        ([GOOD, WARNING, GOOD, GOOD], S.RESOLVED, None),
        ([GOOD, CRITICAL, GOOD], S.FIRING, C),
        ([WARNING], S.FIRING, C),
        ([WARNING, WARNING], S.FIRING, W),
        ([WARNING, GOOD], S.FIRING, W),
        ([WARNING, GOOD, GOOD], S.RESOLVED, None),
        ([WARNING, CRITICAL, WARNING], S.FIRING, C),
    ],
)
def test_an_alert_is_resolved_and_lowered_after_several_evaluations(
    values: list[float], state: AlertState, level: Level | None
) -> None:
    moved = after(ALARMING, *values, patience=Patience())
    assert (moved.state, moved.level) == (state, level)


def test_changes_are_the_start_the_end_and_a_new_level() -> None:
    values = [GOOD, WARNING, WARNING, CRITICAL, WARNING, WARNING, GOOD, GOOD, GOOD]
    samples = [Sample(step=step, value=value, timestamp_ms=0) for step, value in enumerate(values)]
    changes = [it for it in evaluate_all(FLOOR, Patience(), samples) if it.is_change]
    assert [(it.sample.step, it.after.state, it.after.level) for it in changes] == [
        (1, S.FIRING, W),
        (3, S.FIRING, C),
        (5, S.FIRING, W),
        (7, S.RESOLVED, None),
    ]


VALUES = st.lists(st.sampled_from([GOOD, WARNING, CRITICAL, NOTHING]), max_size=60)
PATIENCE = st.builds(Patience, to_fire=st.integers(1, 4), to_clear=st.integers(1, 4))


def evaluations(values: list[float], patience: Patience) -> list[Evaluation]:
    samples = (Sample(step=step, value=value, timestamp_ms=0) for step, value in enumerate(values))
    return list(evaluate_all(FLOOR, patience, samples))


@given(VALUES, PATIENCE)
def test_an_episode_begins_after_bad_values_only_and_ends_after_good_ones_only(
    values: list[float], patience: Patience
) -> None:
    for index, it in enumerate(evaluations(values, patience)):
        with_data = [value for value in values[: index + 1] if value == value]  # noqa: PLR0124
        is_firing, was_firing = (progress.state is S.FIRING for progress in (it.after, it.before))
        if is_firing and not was_firing:
            assert all(value < 0.9 for value in with_data[-patience.to_fire :])
            assert len(with_data) >= patience.to_fire
        if was_firing and not is_firing:
            assert all(value == GOOD for value in with_data[-patience.to_clear :])


@given(VALUES, PATIENCE, st.integers(0, 60))
def test_an_evaluation_can_be_interrupted_at_any_step(
    values: list[float], patience: Patience, cut: int
) -> None:
    whole = evaluations(values, patience)
    before = whole[:cut][-1].after if whole[:cut] else Progress()
    rest = [it.sample for it in whole[cut:]]
    assert list(evaluate_all(FLOOR, patience, rest, before)) == whole[cut:]


def test_a_step_keeps_the_values_that_the_condition_needs() -> None:
    progress = Progress()
    condition = replace(FLOOR, window=3)
    for step, value in enumerate([0.1, 0.2, float("nan"), 0.3, 0.4]):
        sample = Sample(step=step, value=value, timestamp_ms=0)
        progress = evaluate(condition, Patience(), progress, sample).after
    assert progress.window == (0.2, 0.3, 0.4)
    assert progress.last_step == 4
