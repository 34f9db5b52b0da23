"""The newest values of a run's metrics, with the intervals that were logged with them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from api.reports.evaluations import Interval
from api.reports.logged_facts import curve_names
from api.runs.critical_thresholds import critical_thresholds
from api.runs.metric_values import logged_value
from api.runs.metrics_data import nest
from api.runs.source import is_of_training
from api.runs.state import RunState, latest_values
from tracking_plugin.names import MetricGroup

MOST_METRICS = 300

BOUNDS = (
    ("_low", "_high"),
    ("_lower", "_upper"),
    ("_ci_low", "_ci_high"),
    ("_ci_lower", "_ci_upper"),
    ("/ci_low", "/ci_high"),
)
"""Endings of two metrics that are the interval of the metric without them."""


@dataclass(frozen=True)
class MetricRow:
    name: str
    value: float
    step: int
    interval: Interval | None


def metric_rows(state: RunState) -> list[MetricRow]:
    """Measures of quality first; bounds of intervals have no rows of their own."""
    intervals = intervals_of(state)
    bounds = {
        f"{name}{ending}"
        for name in intervals
        for pair in BOUNDS
        if f"{name}{pair[0]}" in state.latest and f"{name}{pair[1]}" in state.latest
        for ending in pair
    }
    measures = curve_names(state)
    others = sorted(set(filter(is_of_training, state.latest)) - set(measures))
    return [
        MetricRow(name, logged_value(point.value), point.step, intervals.get(name))
        for name in (*measures, *others)
        if name not in bounds and (point := state.latest[name])
    ]


def intervals_of(state: RunState) -> Mapping[str, Interval]:
    """By metric: two more metrics that are its bounds, or Wilson's of a condition with its cases."""
    return {**dict(_logged_bounds(state)), **_of_conditions(state)}


def num_of_machine(state: RunState) -> int:
    return sum(not is_of_training(name) for name in state.latest)


def _logged_bounds(state: RunState) -> Iterator[tuple[str, Interval]]:
    latest = state.latest
    for name, point in latest.items():
        for low_end, high_end in BOUNDS:
            low, high = latest.get(f"{name}{low_end}"), latest.get(f"{name}{high_end}")
            if low is None or high is None:
                continue
            ends = logged_value(low.value), logged_value(high.value)
            if all(map(math.isfinite, ends)) and ends[0] <= point.value <= ends[1]:
                yield name, ends


def _of_conditions(state: RunState) -> dict[str, Interval]:
    conditions = nest(latest_values(state), critical_thresholds(state.params)).critical_conditions
    return {
        f"{MetricGroup.CRITICAL}/{name}": found.confidence_interval
        for name, found in conditions.items()
        if found.confidence_interval is not None
    }
