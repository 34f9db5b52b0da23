"""Brings rows from JSON to the columns and kinds that a model takes."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from training.tables.columns.missing_values import MISSING_MARKERS
from training.tables.descriptions import ColumnKind
from training.tables.errors import TableError, too_large
from training.tables.files.python_columns import as_text
from training.tables.limits import DEFAULT_LIMITS
from training.tables.model.cell_faults import CellFault, UnreadableCellError, refuse_faults
from training.tables.model.input_column import TYPES, InputColumn
from training.tables.model.text_cells import boolean_in, date_in, finite, number_in
from training.tables.printable import name_list

MAX_JSON_ROWS = 10_000
"""Of one call; larger tables are given as a file, whose answer is streamed."""

_JSON_TYPES = {bool: "a boolean", int: "a number", float: "a number", str: "a text"}


def rows_of_json(
    columns: Sequence[InputColumn], rows: Sequence[Mapping[str, Any]], *, max_rows: int
) -> pa.Table:
    """The rows as `table_rows.rows_of` gives them.

    Each row has every column of the model; null is a missing value. Keys that the model does not
    know are ignored. A number may be a text such as `"12 kg"` in the unit of the column.

    Raises TableError for more than `max_rows` rows, no rows, a row that is no object, lacks
    columns, or has a value of another kind; it names row and column.
    """
    if not isinstance(rows, list | tuple) or not rows:
        raise TableError("Expected a list with at least one row, an object by column names.")
    if len(rows) > max_rows:
        raise too_large(
            f"The call has {len(rows):,} rows; the limit is {max_rows:,}. Send them as a file, or "
            "in several calls."
        )
    for number, row in enumerate(rows, start=1):
        _require_columns(columns, row, number)
    faults: list[CellFault] = []
    arrays = [_read(column, rows, faults) for column in columns]
    refuse_faults(faults)
    return pa.table(arrays, names=[column.name for column in columns])


def _require_columns(columns: Sequence[InputColumn], row: Any, number: int) -> None:
    if not isinstance(row, Mapping):
        raise TableError(f"Row {number:,}: expected an object by column names, but it is none.")
    absent = [column.name for column in columns if column.name not in row]
    if absent:
        raise TableError(
            f"Row {number:,}: expected all columns that the model was trained on, but "
            f"{name_list(absent)} {'is' if len(absent) == 1 else 'are'} absent. Give null where "
            "a value is unknown."
        )


def _read(
    column: InputColumn, rows: Sequence[Mapping[str, Any]], faults: list[CellFault]
) -> pa.Array:
    parse = _PARSERS[column.kind]
    values = []
    problems: list[tuple[int, str]] = []
    for number, row in enumerate(rows, start=1):
        try:
            values.append(_value(row[column.name], column, parse))
        except UnreadableCellError as error:
            values.append(None)
            problems.append((number, str(error)))
    if problems:
        row_number, problem = problems[0]
        faults.append(
            CellFault(row=row_number, column=column.name, problem=problem, num_cells=len(problems))
        )
    return pa.array(values, TYPES[column.kind])


_Parse = Callable[[Any, InputColumn], Any]


def _value(value: Any, column: InputColumn, parse: _Parse) -> Any:
    """The value in the type of the column; None if it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if type(value) not in _JSON_TYPES:
        raise UnreadableCellError("a single value", "a list or an object")
    if isinstance(value, str):
        value = _checked_text(value)
        if value.lower() in MISSING_MARKERS and value not in column.kept_markers:
            return None
    return parse(value, column)


def _checked_text(text: str) -> str:
    if len(text) > DEFAULT_LIMITS.max_cell_chars:
        limit = DEFAULT_LIMITS.max_cell_chars
        raise UnreadableCellError(f"a text of at most {limit:,} characters", "a longer one")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnreadableCellError("a text", "half of a surrogate pair") from None
    return text.strip()


def _number(value: Any, column: InputColumn) -> float:
    if isinstance(value, bool):
        raise UnreadableCellError("a number", "a boolean")
    # JSON writes numbers with a point, whatever the file of the training had.
    return number_in(value, column, None) if isinstance(value, str) else finite(value)


def _boolean(value: Any, _column: InputColumn) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise UnreadableCellError("true or false", "a number")
    return boolean_in(value)


def _date(value: Any, column: InputColumn) -> Any:
    if not isinstance(value, str):
        raise UnreadableCellError("a date as in 2020-03-04", _JSON_TYPES[type(value)])
    return date_in(value, column)


def _text(value: Any, _column: InputColumn) -> str | None:
    if isinstance(value, int | float):
        finite(value)
    return as_text(value)


_PARSERS: dict[ColumnKind, _Parse] = {
    ColumnKind.NUMBER: _number,
    ColumnKind.BOOLEAN: _boolean,
    ColumnKind.DATE: _date,
    ColumnKind.CATEGORY: _text,
    ColumnKind.TEXT: _text,
}
