"""Turns margins into probabilities, and says what they are."""

import numpy as np
from scipy.special import expit, softmax

from training.tables.labels import Floats
from training.tables.targets.problem_type import ProblemType

LOG_ODDS_NAMES = {
    ProblemType.BINARY: "log-odds of the second class",
    ProblemType.MULTICLASS: "log-odds of each class before softmax",
    ProblemType.REGRESSION: "the predicted number",
}
"""`FittedModel.margin_name` of models whose margin is turned into probabilities here."""


def probabilities_of(log_odds: Floats) -> Floats:
    """(num_rows, num_classes) of log-odds: one column is about the second of two classes."""
    if log_odds.shape[1] == 1:
        second = expit(log_odds)
        return np.hstack([1 - second, second])
    return np.asarray(softmax(log_odds, axis=1), np.float64)
