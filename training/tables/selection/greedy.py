"""Chooses the weights of an ensemble on out-of-fold predictions."""

from collections.abc import Sequence

import numpy as np

from training.tables.labels import Floats
from training.tables.selection.scores import loss

MAX_STEPS = 40
MAX_MODELS = 6
"""Each model of an ensemble costs time in every prediction."""
_LEAST_GAIN = 1e-4
"""Of the loss, as a share; smaller gains are chance."""


def greedy_weights(
    predictions: Sequence[Floats], targets: Floats, *, has_classes: bool
) -> tuple[float, ...]:
    """A weight for each model, 0 for most; their sum is 1.

    Begins with the best model, and adds, with replacement, the one with which the mean is best
    (Caruana et al. 2004), while that helps. All predictions are of the rows of `targets`.
    """
    counts = np.zeros(len(predictions), np.int64)
    total = np.zeros_like(predictions[0])
    best_loss, best_counts = np.inf, counts
    for step in range(1, MAX_STEPS + 1):
        allowed = _allowed(counts)
        losses = [
            loss((total + predictions[at]) / step, targets, has_classes=has_classes)
            for at in allowed
        ]
        chosen = allowed[int(np.argmin(losses))]
        counts = counts + (np.arange(len(counts)) == chosen)
        total = total + predictions[chosen]
        if min(losses) < best_loss * (1 - _LEAST_GAIN):
            best_loss, best_counts = min(losses), counts
    return tuple((best_counts / max(1, best_counts.sum())).tolist())


def _allowed(counts: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> list[int]:
    """The models that may be added: any, until there are MAX_MODELS different ones."""
    used = np.flatnonzero(counts).tolist()
    return used if len(used) >= MAX_MODELS else list(range(len(counts)))
