"""Fits the distribution of a model's features on val, and the distance within which val lies.

One Gaussian for each class with a shared covariance: Lee et al. 2018, A simple unified framework for
detecting out-of-distribution samples.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from training.evidence.folds import IntArray, stratified_folds

QUANTILE = 0.99
MIN_SAMPLES = 10
MAX_DIMENSION = 4096
"""A precision of more features would take more than 64 MiB in each registered model."""
_LOADING = 1e-6
"""Added to the diagonal of the covariance, as a share of its mean, so that it can always be inverted."""

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FeatureModel:
    """Class means [K, D] and the precision [D, D], the inverse of the shared covariance."""

    means: Array
    precision: Array
    shrinkage: float


@dataclass(frozen=True, kw_only=True)
class DistanceLimit:
    """The distance within which the fraction `quantile` of val lies."""

    threshold: float
    quantile: float


def reason_against(features: Array, targets: IntArray) -> str:
    """Why no statistics can be fitted on [N, D] and [N], as a sentence; empty if they can."""
    num_samples, dimension = features.shape
    needed = max(MIN_SAMPLES, 2 * len(np.unique(targets)))
    if num_samples < needed:
        return (
            f"No feature statistics: at least {needed} validation samples are needed, and there "
            f"are {num_samples}."
        )
    if dimension > MAX_DIMENSION:
        return f"No feature statistics: {dimension} features are more than {MAX_DIMENSION}."
    if not np.isfinite(features).all():
        return "No feature statistics: some features of the validation samples are not finite."
    if not _residuals(features, targets, np.unique(targets)).any():
        return "No feature statistics: all validation samples of a class have the same features."
    return ""


def fit_features(features: Array, targets: IntArray) -> FeatureModel:
    """Fit means and shared covariance on [N, D] and [N]; more samples than classes are needed."""
    classes = np.unique(targets)
    residuals = _residuals(features, targets, classes)
    covariance, shrinkage = ledoit_wolf(residuals)
    # The residuals are those to fitted means, which makes their variance too small.
    covariance *= len(features) / max(1, len(features) - len(classes))
    covariance += (
        _LOADING * max(np.trace(covariance) / len(covariance), _LOADING) * np.eye(len(covariance))
    )
    precision = np.linalg.inv(covariance)
    return FeatureModel(
        means=_means(features, targets, classes),
        precision=(precision + precision.T) / 2,
        shrinkage=shrinkage,
    )


def fit_limit(features: Array, targets: IntArray, quantile: float = QUANTILE) -> DistanceLimit:
    """The limit by cross-validation: each fold's distances are those to a fit on the other folds.

    Of N distances it is the ceil((N + 1) * quantile)-th smallest. Fewer than 99 samples cannot show
    a quantile of 0.99: then the limit is the largest distance, and the quantile N / (N + 1).
    """
    folds = stratified_folds(targets)
    distances = np.empty(len(features))
    for fold in np.unique(folds):
        held_out = folds == fold
        fitted = fit_features(features[~held_out], targets[~held_out])
        distances[held_out] = mahalanobis_distances(
            features[held_out], fitted.means, fitted.precision
        )
    return _limit(distances, quantile)


def mahalanobis_distances(features: Array, means: Array, precision: Array) -> Array:
    """The distance of each sample [N, D] to the nearest of the means [K, D]: float64 [N].

    It is the square root of (x - m) P (x - m) for the precision P, [D, D].
    """
    x = np.asarray(features, dtype=np.float64)
    p = np.asarray(precision, dtype=np.float64)
    squares = [_squared_norms(x - np.asarray(mean, np.float64), p) for mean in means]
    nearest: Array = np.sqrt(np.maximum(np.min(squares, axis=0), 0))
    return nearest


def ledoit_wolf(residuals: Array) -> tuple[Array, float]:
    """The covariance of centred samples [N, D], shrunk towards a multiple of the identity.

    Returns it with the share of the identity: Ledoit and Wolf 2004, A well-conditioned estimator for
    large-dimensional covariance matrices.
    """
    num_samples, dimension = residuals.shape
    covariance = residuals.T @ residuals / num_samples
    mean_variance = np.trace(covariance) / dimension
    dispersion = (covariance**2).sum() / dimension - mean_variance**2
    squares = residuals**2
    # The sum over the samples of |x x' - S|², by its parts, so that no N x D x D array is made.
    fourth_moments = (squares.sum(axis=1) ** 2).sum()
    noise = (fourth_moments / num_samples - (covariance**2).sum()) / (num_samples * dimension)
    shrinkage = float(np.clip(noise / dispersion, 0, 1)) if dispersion > 0 else 1.0
    shrunk = (1 - shrinkage) * covariance + shrinkage * mean_variance * np.eye(dimension)
    return shrunk, shrinkage


def _limit(distances: Array, quantile: float) -> DistanceLimit:
    num_samples = len(distances)
    rank = min(num_samples, ceil(round((num_samples + 1) * quantile, 9)))
    return DistanceLimit(
        threshold=float(np.sort(distances)[rank - 1]),
        quantile=min(quantile, num_samples / (num_samples + 1)),
    )


def _means(features: Array, targets: IntArray, classes: Iterable[int]) -> Array:
    return np.stack([features[targets == target].mean(axis=0) for target in classes])


def _residuals(features: Array, targets: IntArray, classes: IntArray) -> Array:
    rows: Array = features - _means(features, targets, classes)[np.searchsorted(classes, targets)]
    return rows


def _squared_norms(rows: Array, precision: Array) -> Array:
    norms: Array = np.einsum("nd,nd->n", rows @ precision, rows)
    return norms
