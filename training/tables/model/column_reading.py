"""Reads one column of a file for a model, as the column was read in training."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import TIMESTAMP, is_date, is_number, is_text
from training.tables.columns.date_columns import iso_dates
from training.tables.columns.distinct import DistinctTexts
from training.tables.columns.missing_values import MISSING_MARKERS
from training.tables.columns.typed_values import TypedValues
from training.tables.descriptions import ColumnKind
from training.tables.files.python_columns import as_text
from training.tables.model.cell_faults import CellFault, UnreadableCellError
from training.tables.model.input_column import TYPES, InputColumn
from training.tables.model.text_cells import boolean_in, date_in, number_in

EXPECTED = {
    ColumnKind.NUMBER: "a number",
    ColumnKind.BOOLEAN: "true or false",
    ColumnKind.DATE: "a date",
}
"""What a cell of the kind is, in messages; any value is a text or category."""


class ColumnReading:
    """Reads one column, and keeps the first of its cells that cannot be read."""

    def __init__(self, column: InputColumn, decimal: str | None, first_row: int) -> None:
        self._column = column
        self._decimal = decimal
        self._first_row = first_row
        self.faults: list[CellFault] = []

    def read(self, values: pa.Array) -> pa.Array:
        kind = TYPES[self._column.kind]
        if values.null_count == len(values):
            return pa.nulls(len(values), kind)
        match self._column.kind:
            case ColumnKind.NUMBER:
                return self._numbers(values)
            case ColumnKind.BOOLEAN:
                return self._booleans(values)
            case ColumnKind.DATE:
                return self._dates(values)
        return _without_markers(_as_texts(values), self._column)

    def _numbers(self, values: pa.Array) -> pa.Array:
        if is_number(values.type):
            floats = pc.cast(values, pa.float64(), safe=False)
            return pc.if_else(pc.is_finite(floats), floats, pa.scalar(None, pa.float64()))
        if not is_text(values.type):
            return self._wrong_type(values)
        texts = _without_markers(values, self._column)
        if self._decimal != "," and (plain := _plain_numbers(texts)) is not None:
            return plain
        return self._parsed(texts, lambda text: number_in(text, self._column, self._decimal))

    def _booleans(self, values: pa.Array) -> pa.Array:
        if pa.types.is_boolean(values.type):
            return values
        if not is_text(values.type):
            return self._wrong_type(values)
        texts = _without_markers(values, self._column)
        return self._parsed(texts, boolean_in)

    def _dates(self, values: pa.Array) -> pa.Array:
        if is_date(values.type):
            return _in_utc(values)
        if not is_text(values.type):
            return self._wrong_type(values)
        texts = _without_markers(values, self._column)
        iso = iso_dates(texts) if texts.null_count < len(texts) else None
        if isinstance(iso, TypedValues):
            return _in_utc(iso.values)
        return self._parsed(texts, lambda text: date_in(text, self._column))

    def _parsed(self, texts: pa.Array, parse: Callable[[str], Any]) -> pa.Array:
        distinct = DistinctTexts.of(texts)
        parsed: list[Any] = []
        problems: list[str | None] = []
        for text in distinct.texts:
            try:
                parsed.append(parse(text))
                problems.append(None)
            except UnreadableCellError as error:
                parsed.append(None)
                problems.append(str(error))
        if any(problems):
            self._add_fault(distinct, problems)
        return distinct.expanded(parsed, TYPES[self._column.kind])

    def _add_fault(self, distinct: DistinctTexts, problems: Sequence[str | None]) -> None:
        is_fault = np.array([problem is not None for problem in problems])
        found = pc.fill_null(distinct.encoded.indices, -1).to_numpy()
        at = np.flatnonzero((found >= 0) & is_fault[found])
        self._fault(int(at[0]), problems[found[at[0]]] or "", len(at))

    def _wrong_type(self, values: pa.Array) -> pa.Array:
        at = int(pc.index(pc.is_valid(values), value=True).as_py())
        problem = f"expected {EXPECTED[self._column.kind]}, but the type {values.type} came"
        self._fault(at, problem, len(values) - values.null_count)
        return pa.nulls(len(values), TYPES[self._column.kind])

    def _fault(self, row: int, problem: str, num_cells: int) -> None:
        self.faults.append(
            CellFault(
                row=row + self._first_row,
                column=self._column.name,
                problem=problem,
                num_cells=num_cells,
            )
        )


def _plain_numbers(texts: pa.Array) -> pa.Array | None:
    """The numbers, if Arrow can read all of them, which takes a hundredth of the time."""
    try:
        floats = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        return None
    is_finite = pc.all(pc.is_finite(floats)).as_py()
    return floats if is_finite is not False else None


def _in_utc(moments: pa.Array) -> pa.Array:
    return pc.cast(moments, TIMESTAMP, safe=False)


def _as_texts(values: pa.Array) -> pa.Array:
    """Numbers as a CSV file would have them: 3, not 3.0."""
    if is_text(values.type):
        return pc.cast(values, pa.string())
    if pa.types.is_float64(values.type):
        return pa.array([as_text(value) for value in values.to_pylist()], pa.string())
    return pc.cast(values, pa.string())


def _without_markers(texts: pa.Array, column: InputColumn) -> pa.Array:
    """Trimmed texts, null where a text says that a value is missing."""
    texts = pc.utf8_trim_whitespace(texts)
    markers = pa.array(sorted(MISSING_MARKERS), texts.type)
    is_missing = pc.is_in(pc.ascii_lower(texts), value_set=markers)
    if column.kept_markers:
        kept = pa.array(column.kept_markers, texts.type)
        is_missing = pc.and_(is_missing, pc.invert(pc.is_in(texts, value_set=kept)))
    return pc.if_else(is_missing, pa.scalar(None, texts.type), texts)
