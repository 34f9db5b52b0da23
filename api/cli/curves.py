"""The curves that a terminal draws: which metrics, in which charts, and a bounded number of points."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from api.runs.series import downsample
from tracking_plugin.names import SYSTEM_METRIC_PREFIX, Metric, MetricGroup

MOST_POINTS = 4096
"""Of one curve; beyond it every second is forgotten, but for the extremes."""

MOST_CURVES = 16
NUM_CHARTS = 2

_MOST_IN_CHART = 2
_FAMILIES = ("loss", "acc")
_LABELS: Mapping[str, str] = {
    Metric.TRAIN_LOSS: "train",
    Metric.VAL_LOSS: "val",
    Metric.TRAIN_ACCURACY: "train",
    Metric.VAL_ACCURACY: "val",
}
_PLACES: Mapping[str, int] = {name: place for place, name in enumerate(_LABELS)}
_TITLES = {"loss": "loss", "acc": "accuracy"}
_UNDRAWN = frozenset(
    {
        Metric.EPOCH,
        Metric.LEARNING_RATE,
        Metric.IMAGES_PER_SECOND,
        Metric.DATA_WAIT_FRACTION,
    }
)
_UNDRAWN_PREFIXES = (SYSTEM_METRIC_PREFIX, *(f"{group}/" for group in MetricGroup))

Point = tuple[int, float | None]
"""A step and its value; None where the value was no number."""


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
    """Values by metric and step."""

    _values: dict[str, dict[int, float | None]] = field(default_factory=dict)

    def add(self, metric: str, step: int, value: float | None) -> None:
        """Take a value into account; the last one at a step counts."""
        values = self._values.get(metric)
        if values is None:
            if not self._is_drawn(metric):
                return
            values = self._values[metric] = {}
        values[step] = value
        if len(values) > MOST_POINTS:
            self._values[metric] = dict(thinned(sorted(values.items()), MOST_POINTS // 2))

    def clear(self) -> None:
        self._values.clear()

    def charts(self) -> list[Chart]:
        return [
            Chart(title=_TITLES.get(family, family), curves=[self._curve(name) for name in metrics])
            for family, metrics in charted(self._values).items()
        ]

    def _curve(self, metric: str) -> Curve:
        return Curve(label=_LABELS.get(metric, metric), points=sorted(self._values[metric].items()))

    def _is_drawn(self, metric: str) -> bool:
        return is_drawable(metric) and (metric in _LABELS or len(self._values) < MOST_CURVES)


def is_drawable(metric: str) -> bool:
    return metric not in _UNDRAWN and not metric.startswith(_UNDRAWN_PREFIXES)


def charted(metrics: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The metrics of each chart: loss and accuracy first, then whatever else the run logs."""
    families: dict[str, list[str]] = {family: [] for family in _FAMILIES}
    for metric in sorted(filter(is_drawable, metrics), key=_order):
        families.setdefault(_family(metric), []).append(metric)
    drawn = [(family, named[:_MOST_IN_CHART]) for family, named in families.items() if named]
    return dict(drawn[:NUM_CHARTS])


def thinned(points: Sequence[Point], most: int) -> Sequence[Point]:
    """At most `most` of the points, extremes and gaps among them."""
    if len(points) <= most:
        return points
    values = np.array([math.nan if value is None else value for _, value in points])
    return [points[index] for index in downsample(values, most)]


def _family(metric: str) -> str:
    return next((family for family in _FAMILIES if family in metric.lower()), metric)


def _order(metric: str) -> int:
    # The sort is stable: those without a place keep the order in which they came.
    return _PLACES.get(metric, len(_PLACES))
