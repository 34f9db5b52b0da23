"""Converts flat MLflow metric names to the nested fields of MetricsData."""

from collections.abc import Mapping

from api.runs.metric_catalog import METRIC_CATALOG
from api.runs.metric_values import count, finite
from api.runs.schemas import CriticalCondition, MetricsData
from tracking_plugin.critical_conditions import MIN_SENSITIVITY, ConditionStatus, condition_status
from tracking_plugin.names import MetricGroup
from tracking_plugin.wilson_interval import wilson_interval

_PATHS: Mapping[str, tuple[str, str | None]] = {
    metric.name: (metric.short_name, metric.part)
    for metric in METRIC_CATALOG.metrics
    if metric.short_name is not None
}

SHORT_NAMES: Mapping[str, tuple[str, ...]] = {
    short: tuple(sorted(name for name, (field, _) in _PATHS.items() if field == short))
    for short, _ in _PATHS.values()
}
"""The MLflow names that each short name stands for."""


class Nesting:
    """MetricsData that is updated incrementally, because a run may have thousands of metrics."""

    def __init__(self, thresholds: Mapping[str, float]) -> None:
        self.data = MetricsData()
        self._thresholds = thresholds

    def update(self, values: Mapping[str, float]) -> None:
        """Set the values of MLflow metrics in the nested data."""
        for name, number in values.items():
            found = finite(number)
            if found.not_finite is not None:
                self.data.not_finite[name] = found.not_finite
            else:
                self.data.not_finite.pop(name, None)
            self._set(name, found.value)

    def _set(self, name: str, value: float | None) -> None:
        group, _, member = name.partition("/")
        if path := _PATHS.get(name):
            field, part = path
            setattr(getattr(self.data, field) if part else self.data, part or field, value)
        elif member and group == MetricGroup.PER_CLASS:
            self.data.per_class[member] = value
        elif member and group == MetricGroup.CRITICAL:
            self._set_condition(member, sensitivity=value)
        elif member and group == MetricGroup.CRITICAL_SUPPORT:
            self._set_condition(member, support=count(value))
        else:
            self.data.other[name] = value

    def _set_condition(self, name: str, **measured: float | int | None) -> None:
        known = self.data.critical_conditions.get(name, CriticalCondition())
        condition = _with_status(known.model_copy(update=measured), self._thresholds.get(name))
        self.data.critical_conditions[name] = condition


def nest(
    values: Mapping[str, float], thresholds: Mapping[str, float] = MIN_SENSITIVITY
) -> MetricsData:
    """The values of flat MLflow names as nested data."""
    nesting = Nesting(thresholds)
    nesting.update(values)
    return nesting.data


def _with_status(condition: CriticalCondition, threshold: float | None) -> CriticalCondition:
    sensitivity, support = condition.sensitivity, condition.support
    status, interval = ConditionStatus.NO_DATA, None
    if sensitivity is not None and support != 0:
        if threshold is not None:
            status = condition_status(sensitivity, threshold)
        if support is not None and 0 <= sensitivity <= 1 and support > 0:
            interval = wilson_interval(round(sensitivity * support), support)
    return condition.model_copy(
        update={"threshold": threshold, "status": status, "confidence_interval": interval}
    )
