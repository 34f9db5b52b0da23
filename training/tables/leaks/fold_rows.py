"""The rows of the folds, or a sample of them, as a small table of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from training.tables.labels import Integers, Labels
from training.tables.splits.table_split import Fold, TableSplit

MIN_CLASS_ROWS = 50
"""Of each class, a sample has so many rows if there are so many."""


@dataclass(frozen=True, eq=False)
class FoldRows:
    """The rows of some folds; `folds` count the rows of `table` and `labels` from 0."""

    table: pa.Table
    labels: Labels
    folds: tuple[Fold, ...]
    rows: Integers
    """Their numbers in the whole table, ascending."""

    @property
    def num_rows(self) -> int:
        return len(self.rows)


def fold_rows(table: pa.Table, labels: Labels, folds: Sequence[Fold]) -> FoldRows:
    """The rows of the folds, so that others cost neither memory nor time."""
    rows = np.unique(np.concatenate([np.concatenate([f.train, f.validation]) for f in folds]))
    return FoldRows(
        table=table.take(pa.array(rows)),
        labels=labels.of_rows(rows),
        folds=tuple(
            Fold(np.searchsorted(rows, fold.train), np.searchsorted(rows, fold.validation))
            for fold in folds
        ),
        rows=rows,
    )


def sampled_folds(split: TableSplit, labels: Labels, *, max_rows: int, seed: int) -> Sequence[Fold]:
    """The folds with about `max_rows` different rows in all; whole groups are taken or left.

    Each class, or quantile bin of a regression, keeps its share, and at least MIN_CLASS_ROWS.
    """
    rows = split.development
    if len(rows) <= max_rows:
        return split.folds
    units, strata = split.groups[rows], labels.strata[rows]
    priority = np.random.default_rng(seed).permutation(int(units.max()) + 1)[units]
    order = np.lexsort((priority, strata))
    _, starts, counts = np.unique(strata[order], return_index=True, return_counts=True)
    position = np.arange(len(rows)) - np.repeat(starts, counts)
    quota = np.maximum(MIN_CLASS_ROWS, counts * max_rows // len(rows))
    chosen = np.unique(units[order[position < np.repeat(quota, counts)]])
    is_kept = np.isin(split.groups, chosen)
    return [
        Fold(fold.train[is_kept[fold.train]], fold.validation[is_kept[fold.validation]])
        for fold in split.folds
    ]
