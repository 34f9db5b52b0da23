"""Builds an Arrow column from Python values that come in parts, such as cells of a sheet."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import MAX_EXACT_INTEGER, TIMESTAMP

Value = bool | int | float | str | date | datetime | time | timedelta | None


class ColumnBuilder:
    """One column; values of several types become text, so that each keeps what was written."""

    def __init__(self) -> None:
        self._parts: list[pa.Array] = []
        self.num_values = 0

    def add(self, values: Sequence[Value]) -> int:
        """Append the values; returns the bytes they need in memory.

        Raises UnicodeEncodeError for a text with half a surrogate pair.
        """
        part = _array(values)
        self._parts.append(part)
        self.num_values += len(values)
        return int(part.nbytes)

    def add_missing(self, num_values: int) -> None:
        """Append missing values."""
        if num_values:
            self._parts.append(pa.nulls(num_values))
            self.num_values += num_values

    def finish(self) -> pa.ChunkedArray:
        """The column, with one type for all parts."""
        kind = _common_type([part.type for part in self._parts])
        return pa.chunked_array([pc.cast(part, kind) for part in self._parts], kind)


def as_text(value: Value) -> str | None:
    """How a cell would look in a CSV file."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(int(value)) if _is_whole(value) else repr(value)


def _is_whole(value: float) -> bool:
    return isinstance(value, int) or (value.is_integer() and abs(value) <= MAX_EXACT_INTEGER)


def _array(values: Sequence[Value]) -> pa.Array:
    kinds = {type(value) for value in values} - {type(None)}
    if not kinds:
        return pa.nulls(len(values))
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int, float} and _fit(values):
        return _numbers(values)
    if kinds == {date}:
        return pa.array(values, pa.date32())
    if kinds <= {date, datetime}:
        return pa.array([_as_datetime(value) for value in values], TIMESTAMP)
    return pa.array([as_text(value) for value in values], pa.string())


def _fit(values: Iterable[Value]) -> bool:
    """Whether no whole number would lose digits as a float."""
    return all(not isinstance(item, int) or abs(item) <= MAX_EXACT_INTEGER for item in values)


def _numbers(values: Sequence[Value]) -> pa.Array:
    numbers = [value for value in values if isinstance(value, int | float)]
    if all(_is_whole(number) for number in numbers):
        whole = [int(value) if isinstance(value, int | float) else None for value in values]
        return pa.array(whole, pa.int64())
    return pa.array(values, pa.float64())


def _as_datetime(value: Value) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else None  # noqa: DTZ001, dates of sheets have no zone


def _common_type(kinds: Iterable[pa.DataType]) -> pa.DataType:
    distinct = {kind for kind in kinds if not pa.types.is_null(kind)}
    if not distinct:
        return pa.string()
    if len(distinct) == 1:
        return distinct.pop()
    if distinct == {pa.int64(), pa.float64()}:
        return pa.float64()
    if distinct == {pa.date32(), TIMESTAMP}:
        return TIMESTAMP
    return pa.string()
