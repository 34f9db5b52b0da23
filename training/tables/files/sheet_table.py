"""Finds the table in the cells of a sheet: its header, its rows and what is left out."""

from collections.abc import Sequence

import pyarrow as pa

from training.tables.errors import TableError
from training.tables.files.header import column_names
from training.tables.files.memory_budget import MemoryBudget, cell_too_long
from training.tables.files.python_columns import ColumnBuilder, Value, as_text
from training.tables.limits import TableLimits

_CHUNK_ROWS = 4096

Cells = Sequence[Sequence[Value]]


def sheet_table(cells: Cells, limits: TableLimits) -> tuple[pa.Table, tuple[str, ...]]:
    """The table in the cells, in which an empty text stands for an empty cell, and notes.

    Rows above the header with a single cell are titles. Empty rows, and empty columns without a
    name, are left out. Raises TableError if no table is found or a limit is exceeded.
    """
    rows = [row for row in cells if any(cell != "" for cell in row)]
    notes = []
    num_titles = _num_titles(rows)
    if num_titles:
        notes.append(f"{num_titles:,} rows with a single cell above the header were left out.")
    if (num_empty := len(cells) - len(rows)) > 0:
        notes.append(f"{num_empty:,} empty rows were left out.")
    rows = rows[num_titles:]
    if not rows:
        raise TableError("Expected a table, but the sheet is empty.")
    if len(rows) == 1:
        raise TableError("Expected rows below the header, but the sheet has only the header.")
    used = [at for at in range(len(rows[0])) if any(row[at] != "" for row in rows)]
    names, name_notes = column_names([as_text(rows[0][at]) or "" for at in used], limits)
    return _table(names, rows[1:], used, limits), (*notes, *name_notes)


def _num_titles(rows: Cells) -> int:
    """Number of rows above the first one with several cells; 0 for a table of one column."""
    num_cells = (sum(cell != "" for cell in row) for row in rows)
    return next((index for index, count in enumerate(num_cells) if count > 1), 0)


def _table(names: Sequence[str], rows: Cells, used: Sequence[int], limits: TableLimits) -> pa.Table:
    budget = MemoryBudget(limits)
    columns = [ColumnBuilder() for _ in used]
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = rows[start : start + _CHUNK_ROWS]
        budget.add(len(chunk), 0)
        for column, at in zip(columns, used, strict=True):
            cells = [None if row[at] == "" else row[at] for row in chunk]
            if any(isinstance(cell, str) and len(cell) > limits.max_cell_chars for cell in cells):
                raise cell_too_long("The sheet", limits)
            budget.add(0, column.add(cells))
    return pa.table([column.finish() for column in columns], names=list(names))
