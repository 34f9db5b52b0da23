"""The losses that fits and trials minimise."""

import numpy as np

from training.tables.labels import Floats, Integers

MIN_PROBABILITY = 1e-6
"""A wrong prediction with full confidence costs the logarithm of this, not infinity."""


def log_loss(probabilities: Floats, codes: Integers) -> float:
    """The mean of minus the logarithm of the true class's probability."""
    of_true = probabilities[np.arange(len(codes)), codes]
    return float(-np.log(np.clip(of_true, MIN_PROBABILITY, 1)).mean())


def rmse(predicted: Floats, true: Floats) -> float:
    """The root of the mean squared error."""
    return float(np.sqrt(np.mean((predicted - true) ** 2)))
