"""Refuses tables that cannot be divided, with a sentence that says why."""

import numpy as np

from training.tables.descriptions import ColumnKind, TypedTable
from training.tables.errors import TableError
from training.tables.labels import Integers, Labels
from training.tables.printable import printable
from training.tables.target import TargetChoice

MIN_ROWS = 10
MIN_UNITS = 3
"""One for the holdout and two for folds."""


def check_columns(
    typed: TypedTable, target: TargetChoice, group: str | None, date: str | None
) -> None:
    for name, use in ((group, "group"), (date, "date")):
        if name is None:
            continue
        if name not in typed.table.column_names:
            raise TableError(f"Expected a {use} column, but there is no '{printable(name)}'.")
        if name == target.column:
            raise TableError(f"The target '{printable(name)}' cannot be the {use} column as well.")
    if date is not None and typed.column(date).kind is not ColumnKind.DATE:
        kind = typed.column(date).kind
        raise TableError(f"Expected dates in '{printable(date)}', but it has the kind {kind}.")


def check_labels(labels: Labels, rows: Integers) -> None:
    if len(rows) < MIN_ROWS:
        raise TableError(
            f"Expected at least {MIN_ROWS} rows with a label to train and evaluate, but got "
            f"{len(rows)}."
        )
    values = labels.strata if labels.has_classes else labels.numbers
    if len(np.unique(values[rows])) < 2:
        raise TableError(
            "Expected at least two classes or numbers in the target, but all rows with a label "
            "have the same one."
        )


def check_groups(group: str, num_groups: int) -> None:
    if num_groups < MIN_UNITS:
        plural = "group" if num_groups == 1 else "groups"
        raise TableError(
            f"Expected at least {MIN_UNITS} groups in '{printable(group)}', to have some in each "
            f"part, but the rows with a label have {num_groups} {plural}. Choose another group "
            "column, or none."
        )
