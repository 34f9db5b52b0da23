"""What the text of a column was read as."""

from dataclasses import dataclass

import pyarrow as pa

from training.tables.descriptions import CellProblem
from training.tables.question import Question


@dataclass(frozen=True, kw_only=True)
class TypedValues:
    """A column of numbers, dates or booleans."""

    values: pa.Array
    unit: str | None = None
    notes: tuple[str, ...] = ()
    problem: CellProblem | None = None


@dataclass(frozen=True)
class KeptText:
    """A column that looked like numbers or dates, and why it stays text."""

    reason: str
    question: Question | None = None
