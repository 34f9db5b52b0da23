"""Brings a table from a file to the columns and kinds that a model takes."""

import difflib
from collections.abc import Sequence

import pyarrow as pa

from training.tables.arrow_columns import one_array
from training.tables.descriptions import TypedTable
from training.tables.errors import TableError
from training.tables.model.cell_faults import CellFault, refuse_faults
from training.tables.model.column_reading import EXPECTED, ColumnReading
from training.tables.model.input_column import InputColumn
from training.tables.printable import name_list
from training.tables.reader import ReadTable


def rows_of(
    columns: Sequence[InputColumn], table: ReadTable | TypedTable, *, first_row: int = 1
) -> pa.Table:
    """The rows as a model takes them: its columns, in its order, with the types of `TYPES`.

    Texts are read as in training, whatever the other cells of their column. Columns that the
    model does not know are ignored. `first_row` is the number of the first row in messages.

    Raises TableError that names columns that are absent, or row and column of the first cells
    that cannot be read.
    """
    rows, faults = rows_and_faults(columns, table, first_row=first_row)
    refuse_faults(faults)
    return rows


def rows_and_faults(
    columns: Sequence[InputColumn], table: ReadTable | TypedTable, *, first_row: int = 1
) -> tuple[pa.Table, list[CellFault]]:
    """As `rows_of`, but cells that cannot be read are missing, and named for each column.

    Raises TableError only for columns that are absent.
    """
    require_columns([column.name for column in columns], table.table.column_names)
    decimal = table.decimal if isinstance(table, ReadTable) else None
    faults = _earlier_faults(columns, table, first_row)
    arrays = []
    for column in columns:
        values = one_array(table.table.column(column.name))
        reading = ColumnReading(column, decimal or column.decimal, first_row)
        arrays.append(reading.read(values))
        faults += reading.faults
    return pa.table(arrays, names=[column.name for column in columns]), faults


def require_columns(expected: Sequence[str], names: Sequence[str]) -> None:
    """Raises TableError that names the expected columns which a table with these names lacks."""
    given, known = set(names), set(expected)
    absent = [name for name in expected if name not in given]
    if not absent:
        return
    others = [name for name in names if name not in known]
    close = difflib.get_close_matches(absent[0][:200], [name[:200] for name in others[:1000]], n=3)
    hint = f" The table has {name_list(close)}: rename it if it is meant." if close else ""
    raise TableError(
        f"Expected the columns that the model was trained on, but {name_list(absent)} "
        f"{'is' if len(absent) == 1 else 'are'} absent.{hint} A column whose values are unknown "
        "may be empty."
    )


def _earlier_faults(
    columns: Sequence[InputColumn], table: ReadTable | TypedTable, first_row: int
) -> list[CellFault]:
    """The cells that could not be read when the table got its types."""
    if isinstance(table, ReadTable):
        return []
    names = {column.name: column for column in columns}
    return [
        CellFault(
            row=found.problem.row + first_row - 1,
            column=found.name,
            problem=f"expected {EXPECTED[names[found.name].kind]}, but another text came",
            num_cells=found.problem.num_cells,
        )
        for found in table.columns
        if found.problem is not None and found.name in names
        if names[found.name].kind in EXPECTED
    ]
