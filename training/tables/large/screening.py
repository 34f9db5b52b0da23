"""Searches for leaks in the sample of a large table."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from training.tables.descriptions import TypedTable
from training.tables.labels import Integers
from training.tables.leak_check import LeakSettings, find_leaks
from training.tables.leaks.leak_report import LeakReport
from training.tables.leaks.overrides import Override
from training.tables.split import split_table
from training.tables.splits.table_split import SplitSettings
from training.tables.target import TargetChoice


def screen_sample(
    typed: TypedTable,
    rows: Integers,
    target: TargetChoice,
    *,
    group: str | None,
    row_names: Sequence[str],
    overrides: Sequence[Override],
    deadline_s: float,
    seed: int,
) -> LeakReport:
    """The report of `find_leaks` on these rows of the sample, which must not be held out.

    Raises TableError as `split_table` does, where the sample has too few rows or groups.
    """
    developed = rows_of_typed(typed, rows)
    split = split_table(
        developed, target, group=group, ignored=row_names, settings=SplitSettings(seed=seed)
    )
    return find_leaks(
        developed,
        target,
        split,
        row_names=row_names,
        overrides=overrides,
        settings=LeakSettings(deadline_s=deadline_s, seed=seed),
    )


def rows_of_typed(typed: TypedTable, rows: Integers) -> TypedTable:
    """A typed table of these rows alone."""
    table = typed.table.take(pa.array(rows))
    columns = tuple(
        replace(column, num_missing=table.column(column.name).null_count)
        for column in typed.columns
    )
    return replace(typed, table=table, columns=columns)
