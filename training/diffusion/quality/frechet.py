"""Estimates the Fréchet distance (FID) of two sets of images: Heusel et al. 2017.

It is biased: with fewer images it is larger, by an amount that depends on the encoder and on the
images (Chong and Forsyth 2020, Effectively unbiased FID).
"""

from dataclasses import dataclass

import numpy as np

from training.diffusion.quality.estimates import estimate
from training.diffusion.quality.jackknife import jackknife_interval, reason_against
from training.diffusion.quality.samples import Array, Sample
from training.diffusion.quality.schema import Estimate

BLOCK = 4096
_SMALLEST = 1e-10
"""Smaller eigenvalues, as shares of the largest, are taken for this one: their inverse is noise."""


@dataclass(frozen=True, kw_only=True)
class _Moments:
    """Mean [D] and covariance [D, D]."""

    mean: Array
    covariance: Array


def frechet_distance(first: Sample, second: Sample) -> Estimate:
    """|m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½), with an interval that is linear in each patient.

    The interval is about this number of images: it does not contain the bias. With fewer images than
    features and one more, the covariances are singular and the value is unknown.
    """
    dimension = first.features.shape[1]
    if min(first.num_images, second.num_images) < dimension + 1:
        reason = (
            f"Unknown: {dimension} features need at least {dimension + 1} images of each set, and "
            f"there are {first.num_images} and {second.num_images}."
        )
        return estimate(first, second, reason=reason)
    moments = [_moments(sample) for sample in (first, second)]
    between = _Between(*moments)
    if reason := reason_against(first.num_patients, second.num_patients):
        return estimate(first, second, value=between.distance, reason=reason)
    difference = moments[0].mean - moments[1].mean
    left_out = [
        _without_each(first, moments[0], between.distance, 2 * difference, between.forth),
        _without_each(second, moments[1], between.distance, -2 * difference, between.back),
    ]
    interval = jackknife_interval(between.distance, left_out)
    return estimate(first, second, value=between.distance, interval=interval)


class _Between:
    """The distance of two normal distributions, and the optimal transport between them."""

    def __init__(self, first: _Moments, second: _Moments) -> None:
        values, vectors = np.linalg.eigh(first.covariance)
        values = np.maximum(values, values[-1] * _SMALLEST)
        root = (vectors * np.sqrt(values)) @ vectors.T
        inverse = (vectors / np.sqrt(values)) @ vectors.T
        product = root @ second.covariance @ root
        squares, axes = np.linalg.eigh((product + product.T) / 2)
        lengths = np.sqrt(np.maximum(squares, 0))
        difference = first.mean - second.mean
        traces = np.trace(first.covariance) + np.trace(second.covariance)
        self.distance = float(difference @ difference + traces - 2 * lengths.sum())
        # The map from the first to the second, and back: m -> T m with T S1 T = S2.
        self.forth: Array = inverse @ (axes * lengths) @ axes.T @ inverse
        lengths = np.maximum(lengths, lengths[-1] * _SMALLEST)
        self.back: Array = root @ (axes / lengths) @ axes.T @ root


def _without_each(
    sample: Sample, own: _Moments, distance: float, towards: Array, transport: Array
) -> Array:
    """The distance without each patient, to first order in its weight.

    The derivative is `towards`, 2 (m1 - m2), by the mean, and 1 - T by the covariance, for the map T
    of the optimal transport. Exact values would take the eigenvalues of a matrix for each patient.
    """
    slope = np.eye(len(own.mean)) - transport
    influence = np.zeros(sample.num_patients)
    for start in range(0, sample.num_images, BLOCK):
        rows = np.asarray(sample.features[start : start + BLOCK], np.float64) - own.mean
        values = rows @ towards + ((rows @ slope) * rows).sum(axis=1)
        owners = sample.patients[start : start + len(rows)]
        influence += np.bincount(owners, values, sample.num_patients)
    expected = float((slope * own.covariance).sum())
    influence -= sample.sizes * expected
    without: Array = distance - influence / (sample.num_images - sample.sizes)
    return without


def _moments(sample: Sample) -> _Moments:
    features = sample.features
    # Rows near zero keep the digits that a difference of large sums would lose.
    shift = np.asarray(features[:BLOCK], np.float64).mean(axis=0)
    dimension = features.shape[1]
    total, products = np.zeros(dimension), np.zeros((dimension, dimension))
    for start in range(0, len(features), BLOCK):
        rows = np.asarray(features[start : start + BLOCK], np.float64) - shift
        total += rows.sum(axis=0)
        products += rows.T @ rows
    mean = total / len(features)
    covariance = (products - len(features) * np.outer(mean, mean)) / (len(features) - 1)
    return _Moments(mean=mean + shift, covariance=covariance)
