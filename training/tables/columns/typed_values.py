"""What the text of a column was read as."""

from dataclasses import dataclass

import pyarrow as pa

from training.tables.columns.dates import DayOrder
from training.tables.descriptions import CellProblem
from training.tables.question import Question


@dataclass(frozen=True, kw_only=True)
class TypedValues:
    """A column of numbers, dates or booleans."""

    values: pa.Array
    unit: str | None = None
    notes: tuple[str, ...] = ()
    problem: CellProblem | None = None
    decimal: str | None = None
    """The decimal mark, where the numbers have marks that could be read in two ways."""
    day_order: DayOrder | None = None
    """Of dates such as `03/04/2020`."""


@dataclass(frozen=True)
class KeptText:
    """A column that looked like numbers or dates, and why it stays text."""

    reason: str
    question: Question | None = None
