"""Intervals by the jackknife, which leaves out one patient at a time.

It repeats no image. A bootstrap does, and the kernel of an image with its own copy would make a
distance between sets too large (an unbiased one is over pairs of different images). By Efron and
Stein (1981, The jackknife estimate of variance) its variance is too large on average, if anything:
so an interval covers at least what it says where the two sets are of one distribution.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from training.diffusion.quality.samples import Array

MIN_PATIENTS = 10
CONFIDENCE = 0.95


def jackknife_interval(value: float, left_out: Sequence[Array]) -> tuple[float, float]:
    """The interval of `value`, from its values without each unit of each independent sample.

    Student's t, with the degrees of freedom of Welch and Satterthwaite.
    """
    variances = np.array([_variance(values) for values in left_out])
    freedom = np.array([len(values) - 1 for values in left_out])
    total = float(variances.sum())
    if total == 0:
        return value, value
    degrees = total**2 / float((variances**2 / freedom).sum())
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees)) * total**0.5
    return value - half, value + half


def reason_against(*num_units: int) -> str:
    """Why there is no interval, as a sentence; empty if there is one."""
    if min(num_units) >= MIN_PATIENTS:
        return ""
    return (
        f"No interval: at least {MIN_PATIENTS} independent patients or images of each set are "
        f"needed, and there are {' and '.join(map(str, num_units))}."
    )


def _variance(values: Array) -> float:
    num_units = len(values)
    return float((num_units - 1) / num_units * ((values - values.mean()) ** 2).sum())
