"""Calibrates probabilities with one temperature, without PyTorch."""

import numpy as np
from scipy.optimize import minimize_scalar

from training.tables.labels import Floats, Integers

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
_FLOOR = 1e-15
"""Stands for a probability of 0, whose logarithm is infinite."""


def scaled(probabilities: Floats, temperature: float) -> Floats:
    """softmax(log p / T), (num_rows, num_classes)."""
    powers: Floats = np.log(np.maximum(probabilities, _FLOOR)) / temperature
    powers -= powers.max(axis=1, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def fit_temperature(probabilities: Floats, codes: Integers) -> float:
    """The temperature that minimises the log loss (Guo et al. 2017, ICML).

    Of probabilities, (num_rows, num_classes), of rows with these class codes, (num_rows,). The log
    loss is convex in 1 / T, so there is one minimum; it is kept within the bounds above.
    """
    logs = np.log(np.maximum(probabilities, _FLOOR))
    logs -= logs.max(axis=1, keepdims=True)
    of_true = logs[np.arange(len(codes)), codes]

    def log_loss(log_temperature: float) -> float:
        inverse = np.exp(-log_temperature)
        normaliser = np.log(np.exp(logs * inverse).sum(axis=1))
        return float((normaliser - of_true * inverse).mean())

    bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
    found = minimize_scalar(log_loss, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))
