"""Names the cells that cannot be read, without their content."""

from collections.abc import Sequence
from dataclasses import dataclass

from training.tables.errors import TableError
from training.tables.printable import printable

_MAX_NAMED = 5


class UnreadableCellError(Exception):
    """One cell; `expected` and `came` are parts of a sentence and quote nothing."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}, but {came} came")


@dataclass(frozen=True, kw_only=True)
class CellFault:
    """The first of the cells of a column that cannot be read."""

    row: int
    """Counted from 1."""
    column: str
    problem: str
    """`expected a number, but a text came`"""
    num_cells: int = 1


def refuse_faults(faults: Sequence[CellFault]) -> None:
    """Raise TableError that names each fault by row and column, if there is one."""
    if not faults:
        return
    named = [_sentence(fault) for fault in sorted(faults, key=lambda f: f.row)[:_MAX_NAMED]]
    more = len(faults) - len(named)
    if more > 0:
        named.append(f"So it is in {more:,} more columns.")
    raise TableError(f"{' '.join(named)} Correct the cells, or leave them empty.")


def _sentence(fault: CellFault) -> str:
    more = f" ({fault.num_cells:,} cells of this column)" if fault.num_cells > 1 else ""
    return f"Row {fault.row:,}, column '{printable(fault.column)}': {fault.problem}{more}."
