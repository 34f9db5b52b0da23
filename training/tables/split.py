"""Divides the rows of a table into a holdout that selection never sees, and folds of the rest."""

from collections.abc import Collection

import numpy as np

from training.tables.descriptions import TypedTable
from training.tables.labels import read_labels
from training.tables.splits.checks import check_columns, check_labels
from training.tables.splits.labelled_rows import LabelledRows
from training.tables.splits.table_split import DEFAULT_SETTINGS, SplitSettings, TableSplit
from training.tables.target import TargetChoice


def split_table(
    typed: TypedTable,
    target: TargetChoice,
    *,
    group: str | None = None,
    date: str | None = None,
    ignored: Collection[str] = (),
    settings: SplitSettings = DEFAULT_SETTINGS,
) -> TableSplit:
    """A holdout and folds, which depend on the seed and the content of rows, not on their order.

    Rows of the same `group` are always in the same part; a row without a group is one of its own.
    So are rows with equal features: all columns but target, group and `ignored`, which should be
    those that only name rows. Where nearly all rows repeat, because there are few possible
    values, or where joining would chain a large part of the table, equal rows are not joined,
    and a note says so.

    With a `date` column, the newest rows are held out, and folds are expanding windows: each is
    validated on the rows that follow those it trains on. A group belongs to the part of its newest
    row. Without one, parts are stratified by class, or by quantile bins of a regression's target.

    A class that a part lacks is named in `notes`. Raises TableError if a column does not exist,
    or if rows, classes, groups or dates are too few.
    """
    check_columns(typed, target, group, date)
    labels = read_labels(typed, target)
    rows = np.flatnonzero(labels.is_labelled)
    check_labels(labels, rows)
    taken = LabelledRows(typed, target, labels, rows, group, ignored, settings)
    if date is None:
        return taken.stratified()
    return taken.time_ordered(date)
