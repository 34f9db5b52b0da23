"""Selects the curves that a terminal draws, groups them into charts, and bounds their points."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from api.runs.downsampling import downsample
from api.runs.metric_catalog import METRIC_CATALOG, Subject
from api.runs.metric_classifier import classify
from api.runs.metric_roles import Role, Split

MAX_POINTS = 4096
"""The limit of one curve; a longer one is downsampled to half of it and keeps its extremes."""

MAX_CURVES = 16
"""The limit for parts of losses and for unknown metrics, of which a run may log any number."""

MAX_MAIN_CURVES = 32
"""The limit for losses, accuracies and the like, by the names of any program."""

NUM_CHARTS = 2

_MAX_IN_CHART = 2
_NOT_OF_THE_MODEL = (Role.MACHINE, Role.CLASS, Role.CONDITION, Role.SUPPORT, Role.EPOCH)
_ROLES = (Role.LOSS, Role.ACCURACY, Role.AUC_ROC, Role.F1, Role.SCORE, Role.ERROR, Role.OTHER)
# train/loss has the most points: it is the first curve, and drawn as a line.
_SPLITS = (Split.TRAIN, Split.NONE, Split.VAL, Split.TEST)

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
    _num_main: int = 0

    def add(self, metric: str, step: int, value: float | None) -> None:
        """Add a value; it replaces an earlier one at the same step."""
        values = self._values.get(metric)
        if values is None:
            if not self._has_room_for(metric):
                return
            values = self._values[metric] = {}
            self._num_main += _is_main(metric)
        values[step] = value
        if len(values) > MAX_POINTS:
            self._values[metric] = dict(downsampled(sorted(values.items()), MAX_POINTS // 2))

    def clear(self) -> None:
        self._values.clear()
        self._num_main = 0

    def charts(self) -> list[Chart]:
        return [
            Chart(title=title, curves=[self._curve(name) for name in metrics])
            for title, metrics in charted_metrics(self._values).items()
        ]

    def _curve(self, metric: str) -> Curve:
        return Curve(label=_label(metric), points=sorted(self._values[metric].items()))

    def _has_room_for(self, metric: str) -> bool:
        if _is_main(metric):
            has_room = self._num_main < MAX_MAIN_CURVES
        else:
            has_room = len(self._values) - self._num_main < MAX_CURVES
        return has_room and is_drawable(metric)


def is_drawable(metric: str) -> bool:
    """Whether the metric measures the model as a whole: not the machine, nor one class."""
    known = METRIC_CATALOG.by_name.get(metric)
    if known is not None and known.subject is not Subject.MODEL:
        return False
    return classify(metric).role not in _NOT_OF_THE_MODEL


def charted_metrics(metrics: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The metrics of each chart by its title: losses first, then scores, then other metrics."""
    charts: dict[str, list[str]] = {}
    for metric in sorted(filter(is_drawable, metrics), key=_order):
        charts.setdefault(classify(metric).measure, []).append(metric)
    return {title: _one_of_each_split(names) for title, names in list(charts.items())[:NUM_CHARTS]}


def _one_of_each_split(names: Sequence[str]) -> Sequence[str]:
    firsts = {classify(name).split: name for name in reversed(names)}
    first = [name for name in names if firsts[classify(name).split] == name]
    return [*first, *(name for name in names if name not in first)][:_MAX_IN_CHART]


def downsampled(points: Sequence[Point], max_points: int) -> Sequence[Point]:
    """At most `max_points` of the points, which include extremes and gaps."""
    if len(points) <= max_points:
        return points
    values = np.array([math.nan if value is None else value for _, value in points])
    return [points[index] for index in downsample(values, max_points)]


def _is_main(metric: str) -> bool:
    found = classify(metric)
    return found.group is not None and found.measure == found.group


def _label(metric: str) -> str:
    known = METRIC_CATALOG.by_name.get(metric)
    return metric if known is None else known.part or known.short_label


def _order(metric: str) -> tuple[object, ...]:
    """Parts of a loss come after the whole, and train_loss_epoch after train_loss."""
    found = classify(metric)
    rank = _ROLES.index(found.role) if found.role in _ROLES else len(_ROLES)
    is_part = found.measure != found.group
    return rank, is_part, found.measure, _SPLITS.index(found.split), len(metric), metric
