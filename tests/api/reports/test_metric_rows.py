"""Intervals that were logged as metrics."""

from api.reports.metric_rows import intervals_of, metric_rows
from api.runs.state import RunState
from tracking_plugin.events import LoggedPoint


def state(**values: float) -> RunState:
    points = {name: LoggedPoint(name, value, 1, 1) for name, value in values.items()}
    return RunState(run_id="a" * 32, latest=points)


def test_two_metrics_may_be_the_interval_of_a_third() -> None:
    run = state(auc=0.9, auc_ci_low=0.8, auc_ci_high=0.95, day_low=3.0)

    assert intervals_of(run) == {"auc": (0.8, 0.95)}
    assert {row.name for row in metric_rows(run)} == {"auc", "day_low"}


def test_bounds_that_do_not_hold_the_value_are_no_interval() -> None:
    run = state(price=5.0, price_low=6.0, price_high=7.0)

    assert intervals_of(run) == {}
    assert {row.name for row in metric_rows(run)} == {"price", "price_low", "price_high"}
