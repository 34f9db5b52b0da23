"""Reads JSON Lines (https://jsonlines.org): one object in each line."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from training.tables.errors import TableError
from training.tables.files.header import column_names
from training.tables.files.memory_budget import MemoryBudget, cell_too_long
from training.tables.files.python_columns import ColumnBuilder, Value
from training.tables.files.text_encoding import find_encoding
from training.tables.files.text_lines import TextLines
from training.tables.limits import TableLimits
from training.tables.printable import printable

_CHUNK_ROWS = 4096
_CHUNK_CHARS = 4 * 2**20
_EXAMPLE = 'one JSON object in each line, such as {"age": 41, "class": "a"}'

Row = dict[str, Value]


class _RepeatedKeyError(Exception):
    """A key stands twice in one object."""


def read_json_lines(path: Path, limits: TableLimits) -> tuple[pa.Table, tuple[str, ...]]:
    """The table, and notes. Its columns are the keys, in the order in which they first appear.

    Raises TableError that names the line of a value that is no object, of a nested value or of a
    fault in the JSON; OSError if the file cannot be read.
    """
    encoding = find_encoding(path)
    notes = [] if encoding.note is None else [encoding.note]
    reader = _Reader(limits)
    lines = TextLines(path, encoding.name)
    rows: list[Row] = []
    numbers: list[int] = []
    num_chars = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        rows.append(reader.row(line, number))
        numbers.append(number)
        num_chars += len(line)
        if len(rows) == _CHUNK_ROWS or num_chars > _CHUNK_CHARS:
            reader.add(rows, numbers)
            rows, numbers, num_chars = [], [], 0
    reader.add(rows, numbers)
    if reader.num_not_finite:
        notes.append(f"{reader.num_not_finite:,} values NaN or Infinity count as missing.")
    return reader.finish(), tuple(notes)


class _Reader:
    def __init__(self, limits: TableLimits) -> None:
        self._limits = limits
        self._budget = MemoryBudget(limits)
        self._columns: dict[str, ColumnBuilder] = {}
        self.num_not_finite = 0
        self._decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=self._not_finite)

    def row(self, line: str, number: int) -> Row:
        try:
            value = self._decoder.decode(line.strip("\ufeff \t\r\n"))
        except _RepeatedKeyError as error:
            raise TableError(
                f"Line {number:,}: expected each key once, but '{printable(str(error))}' is "
                "repeated."
            ) from None
        except json.JSONDecodeError as error:
            raise TableError(
                f"Line {number:,}: expected {_EXAMPLE}, but it is not valid JSON at character "
                f"{error.pos + 1:,}."
            ) from None
        except (ValueError, RecursionError):
            # A number of thousands of digits, or lists nested thousands deep.
            raise TableError(
                f"Line {number:,}: expected {_EXAMPLE}, but a value in it is not readable."
            ) from None
        if not isinstance(value, dict):
            raise TableError(f"Line {number:,}: expected {_EXAMPLE}, but it is no object.")
        self._check(value, number)
        return value

    def _check(self, row: Row, number: int) -> None:
        for key, value in row.items():
            if isinstance(value, dict | list):
                raise TableError(
                    f"Line {number:,}: expected a number, text, true, false or null for "
                    f"'{printable(key)}', but the value is nested. Give each part its own key."
                )
            if isinstance(value, str) and len(value) > self._limits.max_cell_chars:
                raise cell_too_long(f"Line {number:,}", self._limits)
            if isinstance(value, float) and value in (float("inf"), float("-inf")):
                # A literal such as 1e999 does not fit a float.
                row[key] = None
                self.num_not_finite += 1

    def add(self, rows: Sequence[Row], numbers: Sequence[int]) -> None:
        num_before = self._budget.num_rows
        for row in rows:
            for key in row:
                if key not in self._columns:
                    self._new_column(key, num_before)
        # Every column of every row needs at least a byte, so this bounds the work below.
        self._budget.add(len(rows), len(rows) * len(self._columns))
        for key, column in self._columns.items():
            try:
                self._budget.add(0, column.add([row.get(key) for row in rows]))
            except UnicodeEncodeError:
                raise _half_character(rows, numbers) from None

    def _new_column(self, key: str, num_before: int) -> None:
        if len(self._columns) == self._limits.max_columns:
            column_names([*self._columns, key], self._limits)
        self._columns[key] = ColumnBuilder()
        self._columns[key].add_missing(num_before)

    def finish(self) -> pa.Table:
        if self._budget.num_rows == 0:
            raise TableError(f"Expected {_EXAMPLE}, but the file has none.")
        names, _ = column_names(tuple(self._columns), self._limits)
        columns = [column.finish() for column in self._columns.values()]
        try:
            return pa.table(columns, names=list(names))
        except UnicodeEncodeError:
            raise _half_character([], []) from None

    def _not_finite(self, _: str) -> None:
        self.num_not_finite += 1


def _object(pairs: Iterable[tuple[str, Value]]) -> Row:
    row: Row = {}
    for key, value in pairs:
        if key in row:
            raise _RepeatedKeyError(key)
        row[key] = value
    return row


def _half_character(rows: Sequence[Row], numbers: Sequence[int]) -> TableError:
    lines = (number for row, number in zip(rows, numbers, strict=True) if not _is_unicode(row))
    place = next((f"Line {number:,}" for number in lines), "A key")
    return TableError(f"{place}: expected Unicode text, but it has half of a surrogate pair.")


def _is_unicode(row: Row) -> bool:
    try:
        "".join(str(value) for value in row.values()).encode()
    except UnicodeEncodeError:
        return False
    return True
