"""Selects the curves that a terminal draws, groups them into charts, and bounds their points."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from api.runs.downsampling import downsample
from api.runs.metric_catalog import METRIC_CATALOG, Subject

MAX_POINTS = 4096
"""The limit of one curve; a longer one is downsampled to half of it and keeps its extremes."""

MAX_CURVES = 16
"""The limit for metrics outside the catalogue, of which a run may log any number."""

NUM_CHARTS = 2

_MAX_IN_CHART = 2
# Metrics of other training loops, such as epoch_loss, belong to the group whose word they contain.
_GROUP_WORDS: Mapping[str, str] = {"loss": "loss", "acc": "accuracy"}

Point = tuple[int, float | None]
"""A step and its value; None if the value was not a number."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    label: str
    points: Sequence[Point]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Curves that share their axes."""

    title: str
    curves: Sequence[Curve]


@dataclass
class Curves:
    """The values of each drawable metric by step."""

    _values: dict[str, dict[int, float | None]] = field(default_factory=dict)

    def add(self, metric: str, step: int, value: float | None) -> None:
        """Add a value; it replaces an earlier one at the same step."""
        values = self._values.get(metric)
        if values is None:
            if not self._has_room_for(metric):
                return
            values = self._values[metric] = {}
        values[step] = value
        if len(values) > MAX_POINTS:
            self._values[metric] = dict(downsampled(sorted(values.items()), MAX_POINTS // 2))

    def clear(self) -> None:
        self._values.clear()

    def charts(self) -> list[Chart]:
        return [
            Chart(title=title, curves=[self._curve(name) for name in metrics])
            for title, metrics in charted_metrics(self._values).items()
        ]

    def _curve(self, metric: str) -> Curve:
        return Curve(label=_label(metric), points=sorted(self._values[metric].items()))

    def _has_room_for(self, metric: str) -> bool:
        is_known = metric in METRIC_CATALOG.by_name
        return is_drawable(metric) and (is_known or len(self._values) < MAX_CURVES)


def is_drawable(metric: str) -> bool:
    """Whether the metric measures the model as a whole: not the machine, nor one class."""
    known = METRIC_CATALOG.by_name.get(metric)
    if known is not None:
        return known.subject is Subject.MODEL
    return METRIC_CATALOG.family_of(metric) is None


def charted_metrics(metrics: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The metrics of each chart by its title: the catalogue's groups first, then other metrics."""
    charts: dict[str, list[str]] = {group.name: [] for group in METRIC_CATALOG.groups}
    for metric in sorted(filter(is_drawable, metrics), key=_order):
        charts.setdefault(_group(metric), []).append(metric)
    drawn = [(title, names[:_MAX_IN_CHART]) for title, names in charts.items() if names]
    return dict(drawn[:NUM_CHARTS])


def downsampled(points: Sequence[Point], max_points: int) -> Sequence[Point]:
    """At most `max_points` of the points, which include extremes and gaps."""
    if len(points) <= max_points:
        return points
    values = np.array([math.nan if value is None else value for _, value in points])
    return [points[index] for index in downsample(values, max_points)]


def _group(metric: str) -> str:
    known = METRIC_CATALOG.by_name.get(metric)
    if known is not None:
        return known.group or metric
    words = (group for word, group in _GROUP_WORDS.items() if word in metric.lower())
    return next(words, metric)


def _label(metric: str) -> str:
    known = METRIC_CATALOG.by_name.get(metric)
    return metric if known is None else known.part or known.short_label


def _order(metric: str) -> tuple[bool, str]:
    # Known metrics come first, by name: so train/loss, which has the most points, is the first
    # curve and drawn as a line. The sort is stable: other metrics keep their order.
    is_known = metric in METRIC_CATALOG.by_name
    return (not is_known, metric if is_known else "")
