"""Describes the columns of a typed table."""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from training.tables.columns.dates import DayOrder
from training.tables.question import Question


class ColumnKind(StrEnum):
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    TEXT = "text"
    EMPTY = "empty"


@dataclass(frozen=True, kw_only=True)
class CellProblem:
    """The first of the cells of a column that do not fit its kind and count as missing."""

    row: int
    """Counted from 1, without the header and empty lines."""
    text: str
    """Of the cell, printable and truncated. It is for the user only, and for no log."""
    num_cells: int


@dataclass(frozen=True, kw_only=True)
class ColumnDescription:
    """One column; `unit` is as written, `%` or `kg`."""

    name: str
    kind: ColumnKind
    num_missing: int
    unit: str | None = None
    missing_markers: tuple[str, ...] = ()
    """Texts that were taken for missing values, such as `NA`."""
    notes: tuple[str, ...] = ()
    problem: CellProblem | None = None
    decimal: str | None = None
    """The decimal mark by which numbers with points or commas were read, `.` or `,`."""
    day_order: DayOrder | None = None
    """The order in which dates such as `03/04/2020` were read."""


@dataclass(frozen=True, kw_only=True)
class TypedTable:
    """`table` has int64, float64, boolean, date32, timestamp or text columns, with nulls."""

    table: pa.Table
    columns: tuple[ColumnDescription, ...]
    questions: tuple[Question, ...] = ()
    """Until a question is answered, its column stays text."""
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> ColumnDescription:
        """The description of the column of that name, which must exist."""
        return next(column for column in self.columns if column.name == name)
