"""Reads delimited text into text columns, strictly: every fault is named with its line."""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.errors import TableError, too_large
from training.tables.files.header import column_names
from training.tables.files.memory_budget import MemoryBudget, cell_too_long
from training.tables.files.open_quote import line_of_open_quote
from training.tables.files.text_format import TextFormat, csv_reader, is_plain_number
from training.tables.files.text_lines import TextLines
from training.tables.limits import TableLimits

_CHUNK_ROWS = 8192
_CHUNK_CELLS = 400_000
_CHUNK_CHARS = 8 * 2**20


class TextTable:
    """The table in one text file, read once, from the header to the last row."""

    def __init__(self, path: Path, text_format: TextFormat, limits: TableLimits) -> None:
        self._path = path
        self._format = text_format
        self._limits = limits
        self._lines = TextLines(path, text_format.encoding)
        self._skipped = text_format.num_skipped_lines
        self._records = self._parse()
        header = next(self._records, None)
        if header is None:
            raise TableError("Expected a table, but the file has no header and no rows.")
        self.names, notes = column_names(header[1], limits)
        self.notes = (*notes, *_header_notes(header[1]))

    def read(self) -> pa.Table:
        """The table with all columns as text. Raises TableError; see the methods below."""
        budget = MemoryBudget(self._limits)
        chunks: list[list[pa.Array]] = [[] for _ in self.names]
        for batch in self.batches():
            budget.add(len(batch[0]), sum(column.nbytes for column in batch))
            for column, values in zip(chunks, batch, strict=True):
                column.append(values)
        if budget.num_rows == 0:
            raise TableError("Expected rows below the header, but the file has only the header.")
        columns = [pa.chunked_array(values, pa.string()) for values in chunks]
        return pa.table(columns, names=list(self.names))

    def batches(self) -> Iterator[list[pa.Array]]:
        """The columns of some rows at a time, within a bounded amount of memory."""
        width = len(self.names)
        max_rows = max(1, min(_CHUNK_ROWS, _CHUNK_CELLS // width))
        rows: list[list[str]] = []
        lines: list[int] = []
        num_chars = self._lines.num_chars
        for line, row in self._records:
            if len(row) != width:
                raise self._ragged(line, len(row))
            rows.append(row)
            lines.append(line)
            if len(rows) == max_rows or self._lines.num_chars - num_chars > _CHUNK_CHARS:
                yield self._columns(rows, lines)
                rows, lines = [], []
                num_chars = self._lines.num_chars
        if rows:
            yield self._columns(rows, lines)

    def _columns(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> list[pa.Array]:
        columns = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
        for column in columns:
            lengths = pc.utf8_length(column)
            if pc.max(lengths).as_py() > self._limits.max_cell_chars:
                row = pc.index(pc.greater(lengths, self._limits.max_cell_chars), value=True).as_py()
                raise cell_too_long(f"Line {lines[row]:,}", self._limits)
        return columns

    def _parse(self) -> Iterator[tuple[int, list[str]]]:
        """Each record with the number of its first line. Empty lines are left out."""
        lines: Iterator[str] = islice(iter(self._lines), self._skipped, None)
        if self._format.header_has_hash:
            first = next(lines, "")
            lines = chain([first.removeprefix("#")], lines)
        reader = csv_reader(lines, self._format.dialect)
        line = self._skipped + 1
        try:
            for row in reader:
                if row:
                    yield line, row
                line = self._skipped + reader.line_num + 1
        except csv.Error as error:
            raise self._unreadable(line, str(error)) from None

    def _ragged(self, line: int, num_fields: int) -> TableError:
        width = len(self.names)
        return TableError(
            f"Line {line:,}: expected {width:,} fields, as in the header, but found "
            f"{num_fields:,}. A field that contains the delimiter must be quoted."
        )

    def _unreadable(self, line: int, reason: str) -> TableError:
        if "field larger than field limit" not in reason and "end of data" not in reason:
            return TableError(
                f"Line {line:,}: expected a delimiter or the end of the line after a closing "
                "quote. Write a quote inside a quoted field twice."
            )
        opened = line_of_open_quote(self._path, self._format, line)
        if "end of data" in reason:
            return TableError(
                f"The quote opened in line {opened or line:,} is never closed. Close or remove it."
            )
        return too_large(
            f"Line {opened or line:,} has a cell of more than {self._limits.max_cell_chars:,} "
            "characters, the limit for a cell. Is a closing quote missing there?"
        )


def _header_notes(cells: Sequence[str]) -> tuple[str, ...]:
    if not all(is_plain_number(cell) for cell in cells):
        return ()
    return ("The first line was taken for the names of the columns, but it has only numbers.",)
