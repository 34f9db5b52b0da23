"""A write becomes samples of the series of a run."""

from api.alerts.conditions import Bound
from api.alerts.metric_pattern import MetricPattern
from api.alerts.records import RuleInstance
from api.alerts.rules import Rule
from api.alerts.run_series import RunSeries, WrittenPoints
from api.runs.state import RunState
from tracking_plugin.events import LoggedPoint

WITH_SUPPORT = Rule(
    name="RAO",
    metric=MetricPattern("critical/*"),
    support=MetricPattern("cases/*"),
    condition=Bound(below=0.9, has_support=True),
)
PLAIN = Rule(name="low", metric=MetricPattern("critical/RAO"), condition=Bound(below=0.5))


def rule_instance(rule: Rule) -> RuleInstance:
    return RuleInstance(run_id="r", workspace=None, rule=rule, metric="critical/RAO")


def point(name: str, step: int, value: float, timestamp_ms: int = 0) -> LoggedPoint:
    return LoggedPoint(name=name, value=value, step=step, timestamp_ms=timestamp_ms)


def test_a_value_without_its_number_of_cases_is_no_sample() -> None:
    # Without the number, 0 of 0 cases would fire until the number arrives.
    alone = WrittenPoints.of([point("critical/RAO", 1, 0.0), point("cases/RAO", 2, 0.0)])
    assert alone.samples(rule_instance(WITH_SUPPORT)) is None
    assert [it.value for it in alone.samples(rule_instance(PLAIN)) or []] == [0.0]
    together = WrittenPoints.of([point("critical/RAO", 1, 0.0), point("cases/RAO", 1, 0.0)])
    assert [it.support for it in together.samples(rule_instance(WITH_SUPPORT)) or []] == [0]


def test_samples_are_ordered_by_step_and_the_newest_point_of_a_step_counts() -> None:
    written = WrittenPoints.of(
        [
            point("critical/RAO", 2, 0.2),
            point("critical/RAO", 1, 0.3, timestamp_ms=9),
            point("critical/RAO", 1, 0.1, timestamp_ms=5),
        ]
    )
    samples = written.samples(rule_instance(PLAIN)) or []
    assert [(it.step, it.value) for it in samples] == [(1, 0.3), (2, 0.2)]


def test_a_metric_has_a_series_for_each_rule_that_matches_it() -> None:
    run = RunSeries(RunState(run_id="r"), None, [WITH_SUPPORT, PLAIN])
    assert run.series_of("unmatched") == []
    found = run.series_of("critical/RAO")
    assert [series.instance.rule.name for series in found] == ["RAO", "low"]
    assert run.series_of("critical/RAO") is found
    assert run.supported_by("cases/RAO") == found[:1]
