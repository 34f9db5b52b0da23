"""Fits class-conditional conformal prediction sets on val.

Vovk 2012, Conditional validity of inductive conformal predictors.
"""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from training.evidence.folds import IntArray
from training.evidence.schema import PredictionSets

COVERAGE = 0.9

Array = NDArray[np.float64]


def fit_prediction_sets(
    probabilities: Array, targets: IntArray, coverage: float = COVERAGE
) -> PredictionSets:
    """Quantiles of 1 - p on the samples of each class, from [N, C] and [N].

    Of n samples the quantile is the ceil((n + 1) * coverage)-th smallest value, so that the set of a
    new sample of the class contains it with at least this probability (the finite-sample
    correction). If there are fewer samples than that, the quantile is None.
    """
    scores = [1 - probabilities[targets == index, index] for index in range(probabilities.shape[1])]
    return PredictionSets(
        coverage=coverage,
        quantiles=tuple(_quantile(values, coverage) for values in scores),
        support=tuple(len(values) for values in scores),
    )


def prediction_sets(probabilities: Array, sets: PredictionSets) -> NDArray[np.bool_]:
    """Whether each class is in the set of each sample, [N, C]."""
    limits = np.array([np.inf if value is None else value for value in sets.quantiles])
    return 1 - probabilities <= limits


def samples_needed(coverage: float = COVERAGE) -> int:
    """The smallest number of samples of a class that has a quantile."""
    count = 1
    while _rank(count, coverage) > count:
        count += 1
    return count


def _quantile(values: Array, coverage: float) -> float | None:
    rank = _rank(len(values), coverage)
    return float(np.sort(values)[rank - 1]) if rank <= len(values) else None


def _rank(num_samples: int, coverage: float) -> int:
    # 10 * 0.9 is 9.000000000000002 for some factors, which must not become 10.
    return ceil(round((num_samples + 1) * coverage, 9))
