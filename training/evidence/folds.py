"""Divides samples into folds, so that a fit is judged on samples that it has not seen."""

import numpy as np
from numpy.typing import NDArray

NUM_FOLDS = 5

IntArray = NDArray[np.int64]


def stratified_folds(targets: IntArray, num_folds: int = NUM_FOLDS) -> IntArray:
    """The fold of each sample, [N]; each class is divided into blocks of neighbours.

    Files of one patient are often neighbours, and should be in one fold.
    """
    folds = np.zeros_like(targets)
    for target in np.unique(targets):
        (places,) = np.nonzero(targets == target)
        folds[places] = np.arange(len(places)) * num_folds // len(places)
    return folds
