"""Rows that are divided into a holdout and folds."""

import numpy as np

from training.tables.splits.split_report import SplitMethod, SplitSummary
from training.tables.splits.table_split import Fold, TableSplit


def split_rows(num_rows: int, *, is_ordered: bool = False, num_folds: int = 3) -> TableSplit:
    """The last fifth of the rows is held out; folds take turns, or are expanding windows."""
    num_developed = num_rows * 4 // 5
    development = np.arange(num_developed)
    folds = []
    for number in range(num_folds):
        if is_ordered:
            parts = np.array_split(development, num_folds + 1)
            folds.append(Fold(np.concatenate(parts[: number + 1]), parts[number + 1]))
        else:
            is_validated = development % num_folds == number
            folds.append(Fold(development[~is_validated], development[is_validated]))
    return TableSplit(
        holdout=np.arange(num_developed, num_rows),
        development=development,
        folds=tuple(folds),
        unlabelled=np.empty(0, np.int64),
        groups=np.arange(num_rows),
        summary=SplitSummary(
            method=SplitMethod.TIME_ORDERED if is_ordered else SplitMethod.STRATIFIED,
            group=None,
            date=None,
            seed=0,
            num_folds=num_folds,
            num_unlabelled=0,
            num_duplicate_rows=0,
            parts=(),
            notes=(),
        ),
    )
