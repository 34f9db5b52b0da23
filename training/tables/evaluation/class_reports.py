"""Reports on each class against the rest."""

from collections.abc import Sequence

import numpy as np

from training.tables.evaluation.class_metrics import (
    UNDEFINED,
    ClassPredictions,
    DecisionCounts,
)
from training.tables.evaluation.curves import (
    points_per_curve,
    precision_recall_points,
    roc_points,
)
from training.tables.evaluation.proportions import grouped_intervals
from training.tables.evaluation.ranked_classes import RankedClasses
from training.tables.evaluation.reliability import reliability_bins
from training.tables.evaluation.resampling import Resampling
from training.tables.evaluation.schema import ClassReport, Estimate
from training.tables.evaluation.settings import EvaluationSettings
from training.tables.evaluation.threshold_table import threshold_table
from training.tables.labels import Floats, Integers


class ClassReporter:
    """Reports on classes; curves, areas and thresholds are of the rows in `ranked`."""

    def __init__(
        self,
        predictions: ClassPredictions,
        counts: DecisionCounts,
        ranked: RankedClasses,
        resampling: Resampling,
        settings: EvaluationSettings,
    ) -> None:
        support = predictions.support
        self.detailed = most_frequent(support, settings.max_classes)
        self._support = support
        self._ranked = ranked
        self._predicted = counts.predicted.sum(axis=0)
        self._num_groups = _groups_by_class(predictions, resampling)
        self._precision = _proportions(counts.found, counts.predicted, resampling)
        self._recall = _proportions(counts.found, counts.true, resampling)
        self._with_diagram = frozenset(most_frequent(support, settings.max_diagrams))
        self._max_points = points_per_curve(len(self.detailed))

    def report(self, code: int, name: str, f1: Estimate) -> ClassReport:
        """The report on the class of this code."""
        common = ClassReport(
            name=name,
            support=int(self._support[code]),
            num_groups=int(self._num_groups[code]),
            num_predicted=int(self._predicted[code]),
            precision=self._precision[code] if self._support[code] else UNDEFINED,
            recall=self._recall[code],
            f1=f1,
            auroc=self._ranked.aurocs[code],
            average_precision=self._ranked.average_precisions[code],
        )
        return common.model_copy(update=self._ranked_parts(code))

    def _ranked_parts(self, code: int) -> dict[str, object]:
        ranking = self._ranked.rankings[code]
        if not ranking.num_positives:
            return {}
        scores = self._ranked.predictions.probabilities[:, code]
        is_positive = self._ranked.predictions.codes == code
        has_diagram = code in self._with_diagram
        resampling = self._ranked.resampling
        return {
            "roc": roc_points(ranking, self._max_points),
            "precision_recall": precision_recall_points(ranking, self._max_points),
            "reliability": reliability_bins(scores, is_positive, resampling) if has_diagram else (),
            "thresholds": threshold_table(scores, is_positive, resampling),
        }


def most_frequent(support: Integers, max_classes: int) -> Sequence[int]:
    """The codes of up to `max_classes` classes, those with most rows, in the order of codes."""
    order = np.argsort(-support, kind="stable")[:max_classes]
    return [int(code) for code in np.sort(order)]


def _proportions(successes: Floats, trials: Floats, resampling: Resampling) -> list[Estimate]:
    intervals = grouped_intervals(successes, trials, resampling.rows_per_group)
    shares = successes.sum(axis=0) / np.maximum(trials.sum(axis=0), 1)
    return [
        UNDEFINED if interval is None else Estimate(value=float(share), interval=interval)
        for share, interval in zip(shares, intervals, strict=True)
    ]


def _groups_by_class(predictions: ClassPredictions, resampling: Resampling) -> Integers:
    num_classes = predictions.num_classes
    pairs = np.unique(resampling.group_of_row * num_classes + predictions.codes)
    return np.bincount(pairs % num_classes, minlength=num_classes).astype(np.int64)
