"""Scores how well the bins of one column predict the target, on rows that they did not see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from training.tables.labels import Floats, Integers, Labels
from training.tables.splits.table_split import Fold

PRIOR_ROWS = 2.0
"""Weight of the average of all rows in the average of a bin, in rows."""


@dataclass(frozen=True)
class BinScore:
    """From 0.5, no better than chance, to 1: averages over the folds.

    `mean` is the macro average of the areas under the ROC curve, each class against the rest; for
    a regression (1 + Spearman's rank correlation) / 2. `best` is the area of the best class. With
    two classes, and in a regression, both are equal.
    """

    mean: float
    best: float


NO_SCORE = BinScore(0.5, 0.5)


def score_bins(bins: Integers, labels: Labels, folds: Sequence[Fold]) -> BinScore:
    """The score of predicting each validated row by the average label of its bin in training.

    This is a histogram of one column, with the average of a bin shrunk to that of all rows. A fold
    in which fewer than two classes are validated does not count.
    """
    found = [_score_fold(bins, labels, fold) for fold in folds]
    scores = [score for score in found if score is not None]
    if not scores:
        return NO_SCORE
    return BinScore(
        mean=float(np.mean([score.mean for score in scores])),
        best=float(np.mean([score.best for score in scores])),
    )


def _score_fold(bins: Integers, labels: Labels, fold: Fold) -> BinScore | None:
    if not labels.has_classes:
        return _score_numbers(bins, labels.numbers, fold)
    num_bins, num_classes = int(bins.max()) + 1, len(labels.classes)
    train, validation = (
        np.bincount(
            bins[rows] * num_classes + labels.strata[rows], minlength=num_bins * num_classes
        )
        .reshape(num_bins, num_classes)
        .astype(np.float64)
        for rows in (fold.train, fold.validation)
    )
    areas = areas_of_bins(_rates(train), validation)
    if np.isfinite(areas).sum() < 2:
        return None
    return BinScore(float(np.nanmean(areas)), float(np.nanmax(areas)))


def _rates(counts: Floats) -> Floats:
    prior = counts.sum(axis=0) / max(counts.sum(), 1.0)
    rates: Floats = (counts + PRIOR_ROWS * prior) / (counts.sum(axis=1, keepdims=True) + PRIOR_ROWS)
    return rates


def areas_of_bins(rates: Floats, counts: Floats) -> Floats:
    """The area under the ROC curve of each class, NaN where it or the rest has no row.

    `rates` and `counts` have the shape (num_bins, num_classes): predicted rates, and rows with a
    label. Rows in bins of the same rate count as half.
    """
    areas = np.full(rates.shape[1], np.nan)
    totals = counts.sum(axis=1)
    for code in range(rates.shape[1]):
        # Rates that differ by rounding only are equal.
        _, rank = np.unique(np.round(rates[:, code], 12), return_inverse=True)
        positive = np.bincount(rank, counts[:, code])
        negative = np.bincount(rank, totals) - positive
        pairs = positive.sum() * negative.sum()
        if pairs > 0:
            below = np.cumsum(negative) - negative / 2
            areas[code] = (positive * below).sum() / pairs
    return areas


def _score_numbers(bins: Integers, numbers: Floats, fold: Fold) -> BinScore | None:
    ranks = rankdata(numbers[fold.train])
    num_bins = int(bins.max()) + 1
    size = np.bincount(bins[fold.train], minlength=num_bins)
    total = np.bincount(bins[fold.train], ranks, minlength=num_bins)
    means = (total + PRIOR_ROWS * ranks.mean()) / (size + PRIOR_ROWS)
    return rank_score(means[bins[fold.validation]], numbers[fold.validation])


def rank_score(predicted: Floats, numbers: Floats) -> BinScore | None:
    """(1 + Spearman's rank correlation) / 2; None if the numbers do not differ."""
    first, second = rankdata(predicted), rankdata(numbers)
    if np.ptp(second) == 0:
        return None
    if np.ptp(first) == 0:
        return NO_SCORE
    score = (1 + float(np.corrcoef(first, second)[0, 1])) / 2
    return BinScore(score, score)
