"""Finds how low a ratio of distances has to be to flag an image, from held-out images."""

from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from training.diffusion.quality.closeness import Closeness
from training.diffusion.quality.samples import Array, IntArray

FALSE_FLAGS = 0.01
"""Share of images that may be flagged though they are no copies, where there are enough patients."""
MIN_HELD_OUT = 39
"""Patients; with fewer, the expected share of false flags would be above 5 %."""
COPY_FACTOR = 0.7
"""A copy has a pixel ratio below this share of the lowest of all held-out images."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """An image is flagged if a ratio is below its threshold."""

    feature_ratio: float
    pixel_ratio: float
    copy_ratio: float

    def flags(self, found: Closeness) -> NDArray[np.bool_]:
        """The flagged images, [M]."""
        by_features = found.feature_ratio < self.feature_ratio
        flagged: NDArray[np.bool_] = by_features | (found.pixel_ratio < self.pixel_ratio)
        return flagged

    def copies(self, found: Closeness) -> NDArray[np.bool_]:
        """The flagged images that are copies, [M]."""
        copies: NDArray[np.bool_] = found.pixel_ratio < self.copy_ratio
        return copies


@dataclass(frozen=True, kw_only=True)
class FalseFlags:
    """How many images are flagged without memorisation: the mean, and a 95 % interval of the rate."""

    expected: float
    interval: tuple[float, float]


def fit_thresholds(held_out: Closeness, patients: IntArray) -> Thresholds:
    """The thresholds that the images of few held-out patients are below.

    The ranks are divided between features and pixels. The least ratio of each patient counts, so
    that a patient with many images is one unit, as in a split conformal prediction.
    """
    of_features, of_pixels = (
        np.sort(_least(ratio, patients)) for ratio in (held_out.feature_ratio, held_out.pixel_ratio)
    )
    rank_of_features, rank_of_pixels = _ranks(len(of_features))
    return Thresholds(
        feature_ratio=float(of_features[rank_of_features - 1]),
        pixel_ratio=float(of_pixels[rank_of_pixels - 1]),
        copy_ratio=float(COPY_FACTOR * of_pixels[0]),
    )


def false_flags(num_patients: int) -> FalseFlags:
    """The rate of false flags with thresholds from so many patients.

    A new patient is below the k-th of n with probability k / (n + 1), which is the mean of a beta
    distribution over such sets of n. An image that either ratio flags is counted once at most, so
    this is an upper bound.
    """
    rank = sum(_ranks(num_patients))
    low, high = stats.beta.ppf([0.025, 0.975], rank, num_patients + 1 - rank)
    return FalseFlags(expected=rank / (num_patients + 1), interval=(float(low), float(high)))


def flagged_as_if_generated(held_out: Closeness, patients: IntArray) -> float:
    """The share of held-out images that are flagged by the thresholds of the other patients."""
    ratios = (held_out.feature_ratio, held_out.pixel_ratio)
    is_flagged = np.zeros(len(patients), bool)
    for ratio, rank in zip(ratios, _ranks(int(patients.max())), strict=True):
        ordered = np.sort(_least(ratio, patients))
        # Without a patient below it, the threshold of the others is the next one.
        thresholds = np.where(
            _least(ratio, patients) <= ordered[rank - 1], ordered[rank], ordered[rank - 1]
        )
        is_flagged |= ratio < thresholds[patients]
    return float(is_flagged.mean())


def _ranks(num_patients: int) -> tuple[int, int]:
    """Of the threshold of the features and of that of the pixels, from 1."""
    together = max(2, floor(FALSE_FLAGS * (num_patients + 1)))
    return together - together // 2, together // 2


def _least(ratio: Array, patients: IntArray) -> Array:
    least = np.full(int(patients.max()) + 1, np.inf)
    np.minimum.at(least, patients, ratio)
    return least
