"""The scores by which candidates are chosen."""

from collections.abc import Sequence

import numpy as np

from training.tables.labels import Booleans, Floats, Integers
from training.tables.learners.losses import log_loss, rmse
from training.tables.splits.table_split import Fold

LOG_LOSS = "log_loss"
MACRO_F1 = "macro_f1"
RMSE = "rmse"


def loss_name(*, has_classes: bool) -> str:
    """What trials minimise. The log loss also values good probabilities, unlike the F1 score."""
    return LOG_LOSS if has_classes else RMSE


def loss(predictions: Floats, targets: Floats, *, has_classes: bool) -> float:
    """Of probabilities (num_rows, num_classes), or numbers (num_rows, 1); lower is better."""
    if has_classes:
        return log_loss(predictions, targets.astype(np.int64))
    return rmse(predictions[:, 0], targets)


def learnable(train_targets: Floats, targets: Floats, *, has_classes: bool) -> Booleans:
    """(num_rows,): whether training has the class of a row; all rows if it has none of them.

    No model can predict a class that it never saw, so such rows say nothing about a candidate.
    """
    if not has_classes:
        return np.ones(len(targets), np.bool_)
    known = np.isin(targets, np.unique(train_targets))
    return known if known.any() else np.ones(len(targets), np.bool_)


def learnable_rows(folds: Sequence[Fold], targets: Floats, *, has_classes: bool) -> Integers:
    """Numbers of the validated rows by which candidates are compared, ascending."""
    found = [
        fold.validation[
            learnable(targets[fold.train], targets[fold.validation], has_classes=has_classes)
        ]
        for fold in folds
    ]
    return np.unique(np.concatenate(found))


def macro_f1(probabilities: Floats, codes: Integers) -> float:
    """The mean F1 score of the classes that have rows; the likeliest class is the prediction."""
    predicted = probabilities.argmax(axis=1)
    scores = []
    for code in np.unique(codes):
        hits = int(((predicted == code) & (codes == code)).sum())
        scores.append(2 * hits / int((predicted == code).sum() + (codes == code).sum()))
    return float(np.mean(scores))
