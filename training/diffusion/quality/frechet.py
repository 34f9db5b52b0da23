"""Estimates the Fréchet distance (FID) of two sets of images: Heusel et al. 2017.

It is biased: with fewer images it is larger, by an amount that depends on the encoder and on the
images (Chong and Forsyth 2020, Effectively unbiased FID).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.diffusion.quality.estimates import estimate
from training.diffusion.quality.jackknife import jackknife_interval, reason_against
from training.diffusion.quality.samples import Array, IntArray, Sample, canonical_order
from training.diffusion.quality.schema import Estimate

NUM_PARTS = 20
"""Parts of a set of which the jackknife leaves out one; each needs the eigenvalues of a D x D matrix."""
BLOCK = 4096


@dataclass(frozen=True, kw_only=True)
class _Moments:
    """Count, sum [D] and sum of the outer products [D, D] of some rows."""

    count: int
    total: Array
    products: Array

    def without(self, other: "_Moments") -> "_Moments":
        return _Moments(
            count=self.count - other.count,
            total=self.total - other.total,
            products=self.products - other.products,
        )

    @property
    def mean(self) -> Array:
        return self.total / self.count

    @property
    def covariance(self) -> Array:
        centred: Array = self.products - self.count * np.outer(self.mean, self.mean)
        return centred / (self.count - 1)


def frechet_distance(first: Sample, second: Sample) -> Estimate:
    """|m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½), with an interval by the jackknife over 20 parts.

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
    # Rows near zero keep the digits that a difference of large sums would lose.
    shift = np.asarray(first.features[:BLOCK], np.float64).mean(axis=0)
    samples = first, second
    whole = [_moments(sample.features, shift) for sample in samples]
    roots = [_root(moments.covariance) for moments in whole]
    value = _distance(whole[0], roots[1], whole[1])
    if reason := reason_against(first.num_patients, second.num_patients):
        return estimate(first, second, value=value, reason=reason)
    left_out = [
        np.array(
            [
                _distance(whole[place].without(part), roots[1 - place], whole[1 - place])
                for part in _parts(samples[place], shift)
            ]
        )
        for place in range(2)
    ]
    return estimate(first, second, value=value, interval=jackknife_interval(value, left_out))


def _parts(sample: Sample, shift: Array) -> Iterator[_Moments]:
    """The moments of each part; a patient is in one part."""
    part_of_patient = np.empty(sample.num_patients, np.int64)
    num_parts = min(NUM_PARTS, sample.num_patients)
    order: IntArray = canonical_order(sample)
    part_of_patient[order] = np.arange(sample.num_patients) % num_parts
    for part in range(num_parts):
        yield _moments(sample.features[part_of_patient[sample.patients] == part], shift)


def _moments(features: Array, shift: Array) -> _Moments:
    dimension = features.shape[1]
    total, products = np.zeros(dimension), np.zeros((dimension, dimension))
    for start in range(0, len(features), BLOCK):
        rows = np.asarray(features[start : start + BLOCK], np.float64) - shift
        total += rows.sum(axis=0)
        products += rows.T @ rows
    return _Moments(count=len(features), total=total, products=products)


def _root(covariance: Array) -> Array:
    """The symmetric square root."""
    values, vectors = np.linalg.eigh(covariance)
    root: Array = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root


def _distance(first: _Moments, root_of_second: Array, second: _Moments) -> float:
    covariance = first.covariance
    product = root_of_second @ covariance @ root_of_second
    # The eigenvalues of S1 S2 are those of this symmetric matrix.
    values = np.linalg.eigvalsh((product + product.T) / 2)
    difference = first.mean - second.mean
    traces = np.trace(covariance) + np.trace(second.covariance)
    return float(difference @ difference + traces - 2 * np.sqrt(np.maximum(values, 0)).sum())
