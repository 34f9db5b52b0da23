"""Takes a bounded number of points from ROC and precision-recall curves."""

import numpy as np

from training.tables.evaluation.class_ranking import ClassRanking
from training.tables.evaluation.schema import CurvePoint
from training.tables.labels import Floats, Integers

MAX_POINTS = 200
"""Of one curve."""
MAX_POINTS_OF_ALL = 20_000
"""Of the curves of one kind of all classes."""
_MIN_POINTS = 20
_DIGITS = 6


def points_per_curve(num_classes: int) -> int:
    return max(_MIN_POINTS, min(MAX_POINTS, MAX_POINTS_OF_ALL // max(num_classes, 1)))


def roc_points(ranking: ClassRanking, max_points: int) -> tuple[CurvePoint, ...]:
    """The ROC curve from (0, 0) to (1, 1); empty without positives or without negatives."""
    if not ranking.has_both:
        return ()
    x, y = ranking.false_positive_rate, ranking.recall
    kept = _spread(x + y, max_points - 1)
    return (CurvePoint(x=0.0, y=0.0, threshold=None), *_points(x, y, ranking.scores, kept))


def precision_recall_points(ranking: ClassRanking, max_points: int) -> tuple[CurvePoint, ...]:
    """Precision over recall by falling threshold, from recall 0, where precision is 1 by custom.

    Empty without positives.
    """
    if not ranking.num_positives:
        return ()
    x, y = ranking.recall, ranking.precision
    # The jumps of precision are where recall is low, so half of the points are spread over them.
    jumps = np.cumsum(np.abs(np.diff(y, prepend=1.0)))
    kept = _spread(x + jumps / max(jumps[-1], 1e-12), max_points - 1)
    return (CurvePoint(x=0.0, y=1.0, threshold=None), *_points(x, y, ranking.scores, kept))


def _spread(travelled: Floats, max_points: int) -> Integers:
    """Indices at even distances along a curve, with both ends; `travelled` never falls."""
    if len(travelled) <= max_points:
        return np.arange(len(travelled))
    wanted = np.linspace(travelled[0], travelled[-1], max_points)
    found = np.searchsorted(travelled, wanted)
    found[0], found[-1] = 0, len(travelled) - 1
    return np.unique(found).astype(np.int64)


def _points(x: Floats, y: Floats, thresholds: Floats, kept: Integers) -> list[CurvePoint]:
    rounded = (np.round(values[kept], _DIGITS).tolist() for values in (x, y, thresholds))
    return [CurvePoint(x=a, y=b, threshold=t) for a, b, t in zip(*rounded, strict=True)]
