"""Checks probabilities and numbers that a model predicted before they are measured."""

import numpy as np

from training.tables.errors import TableError
from training.tables.labels import Floats, Labels

_MAX_SUM_ERROR = 1e-3


def check_probabilities(probabilities: Floats, num_rows: int, num_classes: int) -> None:
    """Raises TableError unless these are probabilities of the shape (num_rows, num_classes)."""
    check_predictions(probabilities, num_rows, num_classes)
    low, high = float(probabilities.min()), float(probabilities.max())
    sums = probabilities.sum(axis=1)
    if low < -1e-9 or high > 1 + 1e-6 or np.abs(sums - 1).max() > _MAX_SUM_ERROR:
        raise TableError(
            "Expected probabilities from 0 to 1 that add up to 1 in each row, but they are from "
            f"{low:g} to {high:g} and add up to {sums.min():g} to {sums.max():g}. Normalise what "
            "the model predicts."
        )


def check_predictions(predictions: Floats, num_rows: int, num_outputs: int) -> None:
    """Raises TableError unless these are finite and have the shape (num_rows, num_outputs)."""
    if predictions.shape != (num_rows, num_outputs) or not num_rows:
        raise TableError(
            f"Expected predictions of the shape ({num_rows}, {num_outputs}) with at least one row, "
            f"but got {predictions.shape}. Predict the rows that have the labels."
        )
    broken = ~np.isfinite(predictions).all(axis=1)
    if broken.any():
        raise TableError(
            f"Expected finite predictions, but {int(broken.sum()):,} of {num_rows:,} rows have NaN "
            f"or infinity, the first one at position {int(broken.argmax()):,}. The model has "
            "diverged, or its input has values that it cannot take."
        )


def check_labels(labels: Labels, num_groups: int) -> None:
    """Raises TableError unless each row has a label and a group."""
    num_rows = len(labels.strata)
    if num_groups != num_rows:
        raise TableError(
            f"Expected a group for each of {num_rows:,} rows, but got {num_groups:,}. Pass those of "
            "the same rows."
        )
    num_missing = int((~labels.is_labelled).sum())
    if num_missing:
        raise TableError(
            f"Expected rows with a label, but {num_missing:,} of {num_rows:,} have none. Evaluate "
            "labelled rows only."
        )
