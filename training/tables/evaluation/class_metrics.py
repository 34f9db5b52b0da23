"""Metrics of class predictions from sums over rows, with intervals over groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.tables.evaluation.class_ranking import ClassRanking
from training.tables.evaluation.reliability import NUM_BINS, bin_of
from training.tables.evaluation.resampling import Resampling, reflected
from training.tables.evaluation.schema import Estimate
from training.tables.labels import Booleans, Floats, Integers

UNDEFINED = Estimate(value=None)
DECISION_METRICS = (
    "macro_f1",
    "weighted_f1",
    "accuracy",
    "balanced_accuracy",
    "matthews_correlation",
)
PROBABILITY_METRICS = ("log_loss", "brier", "ece")


@dataclass(frozen=True, eq=False)
class ClassPredictions:
    """Probabilities, (num_rows, num_classes), of rows with these class codes, (num_rows,)."""

    codes: Integers
    probabilities: Floats

    @property
    def num_classes(self) -> int:
        return int(self.probabilities.shape[1])

    @cached_property
    def decided(self) -> Integers:
        """The most probable class of each row."""
        decided: Integers = self.probabilities.argmax(axis=1).astype(np.int64)
        return decided

    @cached_property
    def is_right(self) -> Booleans:
        right: Booleans = self.decided == self.codes
        return right

    @cached_property
    def confidence(self) -> Floats:
        """The probability of the decided class."""
        return self.probabilities[np.arange(len(self.codes)), self.decided]

    @cached_property
    def of_true(self) -> Floats:
        """The probability of the true class."""
        return self.probabilities[np.arange(len(self.codes)), self.codes]

    @property
    def log_losses(self) -> Floats:
        """The cross entropy of each row; a probability of 0 counts as the smallest step of a float."""
        losses: Floats = -np.log(np.clip(self.of_true, np.finfo(np.float64).eps, 1.0))
        return losses

    @cached_property
    def support(self) -> Integers:
        return np.bincount(self.codes, minlength=self.num_classes).astype(np.int64)

    def of_rows(self, rows: Integers) -> "ClassPredictions":
        return ClassPredictions(self.codes[rows], self.probabilities[rows])


@dataclass(frozen=True, eq=False)
class DecisionCounts:
    """Rows found, predicted and true of each class in each unit, each (num_units, num_classes)."""

    found: Floats
    predicted: Floats
    true: Floats

    @classmethod
    def of(cls, predictions: ClassPredictions, resampling: Resampling) -> "DecisionCounts":
        hits = np.where(predictions.is_right, predictions.codes, -1)
        return cls(
            *(
                resampling.sums_by_code(codes, predictions.num_classes)
                for codes in (hits, predictions.decided, predictions.codes)
            )
        )

    @property
    def stacked(self) -> Floats:
        return np.concatenate([self.found, self.predicted, self.true], axis=1)


def decision_metrics(
    counts: DecisionCounts, resampling: Resampling
) -> tuple[dict[str, Estimate], list[Estimate]]:
    """The metrics of decisions by name, and the F1 score of each class.

    Classes without a row are left out of averages, also in the resamples that lack them.
    """
    estimates = resampling.estimates(counts.stacked, measure_decisions)
    overall = dict(zip(DECISION_METRICS, estimates, strict=False))
    return overall, estimates[len(DECISION_METRICS) :]


def measure_decisions(totals: Floats) -> Floats:
    """The `DECISION_METRICS` and the F1 score of each class, of sums of `DecisionCounts.stacked`."""
    found, predicted, true = np.split(totals, 3, axis=1)
    num_rows = true.sum(axis=1)
    is_present = true > 0
    f1 = _ratio(2 * found, np.where(is_present, true + predicted, 0))
    right = found.sum(axis=1)
    overall = [
        _mean_defined(f1),
        (np.where(is_present, f1, 0) * true).sum(axis=1) / num_rows,
        right / num_rows,
        _mean_defined(_ratio(found, true)),
        _matthews(right, predicted, true, num_rows),
    ]
    return np.column_stack([*overall, f1])


def _matthews(right: Floats, predicted: Floats, true: Floats, num_rows: Floats) -> Floats:
    """The correlation of true and predicted classes (Gorodkin 2004); 0 without any variance."""
    covariance = right * num_rows - (predicted * true).sum(axis=1)
    spread = np.sqrt(
        (num_rows**2 - (predicted**2).sum(axis=1)) * (num_rows**2 - (true**2).sum(axis=1))
    )
    return np.where(spread > 0, covariance / np.where(spread > 0, spread, 1), 0.0)


def probability_metrics(
    predictions: ClassPredictions, resampling: Resampling
) -> dict[str, Estimate]:
    """The `PROBABILITY_METRICS`.

    The Brier score of two classes is that of one of them; of more, the sum over all classes.
    """
    estimates = resampling.estimates(
        probability_sums(predictions, resampling), measure_probabilities
    )
    log_loss, brier, error = estimates
    found = (log_loss, brier, reflected(error))
    return dict(zip(PROBABILITY_METRICS, found, strict=True))


def probability_sums(predictions: ClassPredictions, resampling: Resampling) -> Floats:
    """The sums that `measure_probabilities` takes, (num_units, num_sums)."""
    squares = (predictions.probabilities**2).sum(axis=1) - 2 * predictions.of_true + 1
    brier = squares / 2 if predictions.num_classes == 2 else squares
    bins = bin_of(predictions.confidence)
    gaps = resampling.sums_by_code(bins, NUM_BINS, predictions.confidence - predictions.is_right)
    ones = np.ones(len(predictions.codes))
    return np.concatenate([resampling.sums(ones, predictions.log_losses, brier), gaps], axis=1)


def measure_probabilities(totals: Floats) -> Floats:
    """The `PROBABILITY_METRICS` of sums of `probability_sums`."""
    num_rows, log_loss, brier = totals[:, 0], totals[:, 1], totals[:, 2]
    error = np.abs(totals[:, 3:]).sum(axis=1)
    return np.stack([log_loss, brier, error], axis=1) / num_rows[:, None]


def auroc_metrics(
    predictions: ClassPredictions, rankings: Sequence[ClassRanking], resampling: Resampling
) -> tuple[Estimate, list[Estimate]]:
    """The area under the ROC curve, averaged over the classes and of each against the rest.

    Resamples take the placements of rows as they are, which is right to first order (Obuchowski
    1997, Biometrics 53, 567-578, for groups) and needs no sort of each resample.
    """
    defined = [code for code, ranking in enumerate(rankings) if ranking.has_both]
    found = [UNDEFINED] * len(rankings)
    if not defined:
        return UNDEFINED, found
    sums, areas = auroc_sums(predictions, rankings, resampling)
    macro, *each = resampling.estimates(sums, lambda totals: measure_auroc(totals, areas))
    for code, estimate in zip(defined, each, strict=True):
        found[code] = estimate
    return macro, found


def auroc_sums(
    predictions: ClassPredictions, rankings: Sequence[ClassRanking], resampling: Resampling
) -> tuple[Floats, Sequence[float]]:
    """The sums, (num_units, num_sums), and areas that `measure_auroc` takes.

    They are of the classes with rows of both kinds, of which there must be one.
    """
    ones = np.ones(len(predictions.codes))
    sums, areas = [], []
    for code, ranking in enumerate(rankings):
        if not ranking.has_both:
            continue
        kind = (predictions.codes == code).astype(np.int64)
        placements = ranking.placements(kind == 1)
        sums += [
            resampling.sums_by_code(kind, 2, ones),
            resampling.sums_by_code(kind, 2, placements),
        ]
        areas.append(ranking.auroc)
    return np.concatenate(sums, axis=1), areas


def measure_auroc(totals: Floats, areas: Sequence[float]) -> Floats:
    """The average over the classes, and the area of each, of sums of `auroc_sums`."""
    parts = totals.reshape(len(totals), len(areas), 2, 2)
    averages = _ratio(parts[:, :, 1], parts[:, :, 0]).sum(axis=2)
    each = np.clip(averages - np.asarray(areas), 0.0, 1.0)
    return np.column_stack([_mean_defined(each), each])


def _ratio(part: Floats, whole: Floats) -> Floats:
    """NaN where the whole is 0."""
    ratios: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
    return ratios


def _mean_defined(values: Floats) -> Floats:
    """The average over the last axis without NaN; NaN if nothing is defined."""
    defined = np.isfinite(values)
    return _ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(float))
