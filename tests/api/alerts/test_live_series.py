"""A live series evaluates points from memory, and asks for the whole series when it cannot."""

from api.alerts.conditions import Bound
from api.alerts.live_series import MAX_BUFFERED, NUM_RECENT, LiveSeries
from api.alerts.metric_pattern import MetricPattern
from api.alerts.records import RuleInstance
from api.alerts.rules import Rule
from api.alerts.samples import Sample
from api.alerts.state_machine import Evaluation, Patience, evaluate_all

GOOD, BAD = 0.95, 0.5
RULE = Rule(
    name="floor",
    metric=MetricPattern("val/accuracy"),
    condition=Bound(below=0.9),
    patience=Patience(to_clear=1),
)


def new() -> LiveSeries:
    return LiveSeries(RuleInstance(run_id="r", workspace=None, rule=RULE, metric="val/accuracy"))


def sample(step: int, value: float = GOOD) -> Sample:
    return Sample(step=step, value=value, timestamp_ms=0)


def stored(*samples: Sample) -> list[Evaluation]:
    return list(evaluate_all(RULE.condition, RULE.patience, samples))


def steps(changes: list[Evaluation] | None) -> list[int]:
    assert changes is not None
    return [change.sample.step for change in changes]


def test_it_starts_with_the_points_in_the_store() -> None:
    series = new()
    assert series.apply([sample(1)]) is None
    assert series.restart(stored(sample(1))) == []
    assert steps(series.apply([sample(2, BAD), sample(3)])) == [2, 3]
    assert series.last_step == 3


def test_points_that_arrive_during_a_whole_evaluation_are_buffered() -> None:
    series = new()
    assert series.apply([sample(1)]) is None
    assert series.apply([sample(2, BAD)]) is None
    assert series.apply([sample(3)]) is None
    assert steps(series.restart(stored(sample(1), sample(2, BAD)))) == [3]


def test_a_repeated_point_changes_nothing() -> None:
    series = new()
    series.restart(stored(sample(1), sample(2, BAD)))
    assert series.apply([sample(1), sample(2, BAD), sample(1)]) == []
    series.restart(stored(sample(1, float("nan"))))
    assert series.apply([sample(1, float("nan"))]) == []


def test_a_late_or_changed_point_requires_the_whole_series() -> None:
    for late in (sample(1), sample(2, BAD)):
        series = new()
        series.restart(stored(sample(2), sample(3)))
        assert series.apply([late]) is None
        assert series.last_step is None
        assert series.restart(stored(*sorted((late, sample(3)), key=lambda it: it.step))) == []


def test_a_late_buffered_point_that_the_store_lacks_requires_the_whole_series_again() -> None:
    series = new()
    assert series.apply([sample(1, BAD)]) is None
    assert series.restart(stored(sample(2))) is None


def test_buffered_points_of_a_long_series_are_known_after_its_restart() -> None:
    series = new()
    whole = [sample(step) for step in range(3 * NUM_RECENT)]
    for it in whole:
        series.apply([it])
    assert series.restart(stored(*whole)) == []


def test_too_many_buffered_points_require_the_whole_series_again() -> None:
    series = new()
    assert series.apply([sample(step) for step in range(MAX_BUFFERED)]) is None
    assert series.apply([sample(MAX_BUFFERED)]) is None
    assert series.restart(stored(sample(1))) is None
    assert series.restart(stored(sample(1))) == []
