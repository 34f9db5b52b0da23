"""Checks and bounds the numbers that go into a model."""

import numpy as np

from training.tables.errors import TableError
from training.tables.labels import Floats
from training.tables.learners.learner import Examples, LearningTask

LARGEST = 1e38
"""Libraries that compute in single precision fail above 3.4e38; infinity becomes this, too."""


def bounded(values: Floats, task: LearningTask) -> Floats:
    """The values within ±LARGEST; NaN stays. Raises TableError if the shape is another."""
    if values.ndim != 2 or values.shape[1] != task.num_features:
        raise TableError(
            f"Expected rows of {task.num_features} features, as in training, but an array of the "
            f"shape {values.shape} came. Encode the rows with the encoder of this model."
        )
    return np.clip(np.asarray(values, np.float64), -LARGEST, LARGEST)


def bounded_examples(examples: Examples, task: LearningTask) -> Examples:
    """Raises TableError if a target is missing, infinite or no class, or if there are no rows."""
    values, targets = bounded(examples.values, task), np.asarray(examples.targets, np.float64)
    if not len(targets) or targets.shape != (len(values),):
        raise TableError(
            f"Expected one target for each of at least one row, but {len(values)} rows and "
            f"{targets.size} targets came. Give rows with their labels."
        )
    if not np.isfinite(targets).all():
        raise TableError("Expected a number as the target of each row. Leave out rows without one.")
    if task.has_classes:
        codes = targets.astype(np.int64)
        if (codes != targets).any() or codes.min() < 0 or codes.max() >= task.num_classes:
            raise TableError(
                f"Expected codes of classes from 0 to {task.num_classes - 1} as targets."
            )
    elif np.abs(targets).max() > LARGEST:
        raise TableError(f"Expected numbers within ±{LARGEST:g} as targets. Use a larger unit.")
    return Examples(values, targets)
