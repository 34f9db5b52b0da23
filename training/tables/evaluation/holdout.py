"""Evaluates predictions of the holdout, with intervals over its groups."""

from collections.abc import Sequence

import numpy as np

from training.tables.evaluation.class_metrics import (
    ClassPredictions,
    DecisionCounts,
    decision_metrics,
    probability_metrics,
)
from training.tables.evaluation.class_reports import ClassReporter
from training.tables.evaluation.confusion import MAX_CLASSES, confusion
from training.tables.evaluation.gap import gap
from training.tables.evaluation.notes import class_notes, group_notes
from training.tables.evaluation.number_metrics import number_metrics, regression
from training.tables.evaluation.predictions import (
    check_labels,
    check_predictions,
    check_probabilities,
)
from training.tables.evaluation.ranked_classes import RankedClasses, rank_classes, sampled_rows
from training.tables.evaluation.reliability import calibration_error, reliability_bins
from training.tables.evaluation.resampling import Resampling
from training.tables.evaluation.schema import (
    ClassReport,
    Estimate,
    Gap,
    HoldoutReport,
    Reliability,
    Score,
)
from training.tables.evaluation.settings import DEFAULT_SETTINGS, EvaluationSettings
from training.tables.labels import Floats, Integers, Labels


def evaluate_holdout(
    labels: Labels,
    predictions: Floats,
    groups: Integers,
    *,
    selection_score: Score | None = None,
    uncalibrated: Floats | None = None,
    settings: EvaluationSettings = DEFAULT_SETTINGS,
) -> HoldoutReport:
    """The report on the rows of the holdout, which `labels`, `predictions` and `groups` are of.

    `predictions` are calibrated probabilities, (num_rows, num_classes), or numbers, (num_rows, 1).
    `groups`, (num_rows,), says which rows belong together. With `uncalibrated` predictions the
    report also has their reliability. Takes time O(n log n) in the rows for each class, and
    bounded time for all intervals: one million rows of three classes take about two seconds.

    Raises TableError if shapes differ, a row has no label or predictions are not finite.
    """
    check_labels(labels, len(groups))
    if labels.has_classes:
        check_probabilities(predictions, len(groups), len(labels.classes))
        if uncalibrated is not None:
            check_probabilities(uncalibrated, len(groups), len(labels.classes))
        return _ClassHoldout(labels, predictions, groups, settings).report(
            selection_score, uncalibrated
        )
    check_predictions(predictions, len(groups), 1)
    return _evaluate_numbers(labels, predictions[:, 0], groups, selection_score, settings)


def measure_score(
    labels: Labels,
    predictions: Floats,
    groups: Integers,
    metric: str,
    *,
    settings: EvaluationSettings = DEFAULT_SETTINGS,
) -> Score | None:
    """One metric of predictions such as those out of fold, for `evaluate_holdout` to compare with.

    Rows whose predictions are NaN, because no fold validated them, do not count. None if the
    metric is undefined on the others. Raises TableError as `evaluate_holdout` does, and KeyError
    for a metric that it does not report.
    """
    rows = np.flatnonzero(np.isfinite(predictions).all(axis=1))
    report = evaluate_holdout(
        labels.of_rows(rows), predictions[rows], groups[rows], settings=settings
    )
    found = report.metrics[metric]
    if found.value is None:
        return None
    return Score(metric=metric, value=found.value, interval=found.interval)


def _evaluate_numbers(
    labels: Labels,
    predicted: Floats,
    groups: Integers,
    selection: Score | None,
    settings: EvaluationSettings,
) -> HoldoutReport:
    resampling = Resampling(
        groups, num_sums=6, num_resamples=settings.num_resamples, seed=settings.seed
    )
    metrics = number_metrics(predicted, labels.numbers, resampling)
    return HoldoutReport(
        problem_type=labels.problem_type,
        num_rows=len(groups),
        num_groups=resampling.num_groups,
        metrics=metrics,
        regression=regression(predicted, labels.numbers),
        gap=_gap(selection, metrics),
        notes=group_notes(resampling),
    )


def _gap(selection: Score | None, metrics: dict[str, Estimate]) -> Gap | None:
    if selection is None or selection.metric not in metrics:
        return None
    return gap(selection, metrics[selection.metric])


class _ClassHoldout:
    """The evaluation of one holdout with classes."""

    def __init__(
        self, labels: Labels, probabilities: Floats, groups: Integers, settings: EvaluationSettings
    ) -> None:
        self._labels = labels
        self._groups = groups
        self._settings = settings
        self._predictions = ClassPredictions(labels.strata, probabilities)
        self._resampling = self._resample(groups)
        self._ranked = self._rank()

    def _resample(self, groups: Integers) -> Resampling:
        return Resampling(
            groups,
            num_sums=4 * len(self._labels.classes),
            num_resamples=self._settings.num_resamples,
            seed=self._settings.seed,
        )

    def _rank(self) -> RankedClasses:
        max_rows = self._settings.max_ranked_cells // len(self._labels.classes)
        if len(self._groups) <= max_rows:
            return rank_classes(self._predictions, self._resampling)
        rows = sampled_rows(self._resampling, max_rows, self._settings.seed)
        return rank_classes(self._predictions.of_rows(rows), self._resample(self._groups[rows]))

    def report(self, selection: Score | None, uncalibrated: Floats | None) -> HoldoutReport:
        labels, predictions = self._labels, self._predictions
        counts = DecisionCounts.of(predictions, self._resampling)
        decisions, f1 = decision_metrics(counts, self._resampling)
        metrics = {
            **decisions,
            "auroc_macro": self._ranked.auroc_macro,
            "average_precision_macro": self._ranked.average_precision_macro,
            **probability_metrics(predictions, self._resampling),
        }
        reports = self._class_reports(counts, f1)
        absent = tuple(
            name
            for name, support in zip(labels.classes, predictions.support, strict=True)
            if not support
        )
        return HoldoutReport(
            problem_type=labels.problem_type,
            num_rows=len(self._groups),
            num_groups=self._resampling.num_groups,
            metrics=metrics,
            absent_classes=absent,
            classes=reports,
            confusion=confusion(predictions.codes, predictions.decided, labels.classes),
            reliability=self._reliability(metrics["ece"], uncalibrated),
            gap=_gap(selection, metrics),
            notes=(
                *group_notes(self._resampling),
                *class_notes(
                    reports,
                    absent,
                    num_classes=len(labels.classes),
                    num_ranked=len(self._ranked.predictions.codes),
                    num_rows=len(self._groups),
                    max_confused=MAX_CLASSES,
                ),
            ),
        )

    def _class_reports(
        self, counts: DecisionCounts, f1: Sequence[Estimate]
    ) -> tuple[ClassReport, ...]:
        reporter = ClassReporter(
            self._predictions, counts, self._ranked, self._resampling, self._settings
        )
        return tuple(
            reporter.report(code, self._labels.classes[code], f1[code])
            for code in reporter.detailed
        )

    def _reliability(self, error: Estimate, uncalibrated: Floats | None) -> Reliability:
        now = self._predictions
        bins = reliability_bins(now.confidence, now.is_right, self._resampling)
        if uncalibrated is None:
            return Reliability(bins=bins, error=error)
        before = ClassPredictions(now.codes, uncalibrated)
        return Reliability(
            bins=bins,
            error=error,
            uncalibrated_bins=reliability_bins(
                before.confidence, before.is_right, self._resampling
            ),
            uncalibrated_error=calibration_error(before.confidence, before.is_right),
            uncalibrated_log_loss=float(before.log_losses.mean()),
        )
