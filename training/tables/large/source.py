"""Reads the rows of a file in batches, as often as needed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from training.tables.arrow_columns import normalised
from training.tables.errors import too_large
from training.tables.file_type import FileType, detect_file_type
from training.tables.files.parquet_table import ParquetTable
from training.tables.files.text_format import TextFormat, find_text_format
from training.tables.files.text_table import TextTable
from training.tables.limits import DEFAULT_LIMITS, TableLimits
from training.tables.reader import ReadTable

_UNLIMITED = 2**62


class TableSource(Protocol):
    """A file that is too large to be read at once."""

    @property
    def notes(self) -> tuple[str, ...]: ...

    def batches(self) -> Iterator[ReadTable]:
        """Some rows at a time, each batch as `read_table` would read a file of these rows.

        Raises TableError as `read_table` does.
        """
        ...


class ParquetSource:
    """A Parquet file; `written_as` is the format of the text that it was made of, if it was."""

    def __init__(
        self, path: Path, limits: TableLimits, written_as: TextFormat | None = None
    ) -> None:
        self._table = ParquetTable(path, _streamed(limits))
        self._format = written_as
        self._type = FileType.PARQUET if written_as is None else FileType.DELIMITED_TEXT

    @property
    def notes(self) -> tuple[str, ...]:
        return self._table.notes

    @property
    def num_rows(self) -> int:
        return self._table.num_rows

    def batches(self) -> Iterator[ReadTable]:
        names = list(self._table.names)
        for batch in self._table.batches():
            columns = [normalised(pa.chunked_array([column])) for column in batch.columns]
            table = pa.table(columns, names=names)
            yield ReadTable(table=table, file_type=self._type, text_format=self._format)


class TextSource:
    """A file of delimited text."""

    def __init__(self, path: Path, limits: TableLimits) -> None:
        self._path = path
        self._limits = _streamed(limits)
        self.text_format = find_text_format(path)

    @property
    def notes(self) -> tuple[str, ...]:
        header = TextTable(self._path, self.text_format, self._limits).notes
        return (*self.text_format.notes, *header)

    def batches(self) -> Iterator[ReadTable]:
        text = TextTable(self._path, self.text_format, self._limits)
        for columns in text.batches():
            yield ReadTable(
                table=pa.table(columns, names=list(text.names)),
                file_type=FileType.DELIMITED_TEXT,
                text_format=self.text_format,
            )


def open_source(path: Path, limits: TableLimits = DEFAULT_LIMITS) -> ParquetSource | TextSource:
    """The file at `path`, which is not read yet.

    Raises TableError if it is neither Parquet nor delimited text: other files are only read at
    once, within the limit for memory.
    """
    file_type = detect_file_type(path, limits)
    if file_type is FileType.PARQUET:
        return ParquetSource(path, limits)
    if file_type is FileType.DELIMITED_TEXT:
        return TextSource(path, limits)
    raise too_large(
        f"Expected a Parquet or CSV file, which can be read in batches, but a file of the type "
        f"{file_type} came that needs more memory than the limit of {limits.max_memory_bytes:,} "
        "bytes. Save it as Parquet or CSV."
    )


def table_bytes(path: Path, limits: TableLimits = DEFAULT_LIMITS) -> int | None:
    """About how much memory the table in the file needs, from its first rows.

    None if the file is neither Parquet nor delimited text. Raises TableError as `read_table` does.
    """
    file_type = detect_file_type(path, limits)
    if file_type not in (FileType.PARQUET, FileType.DELIMITED_TEXT):
        return None
    source = open_source(path, limits)
    first = next(source.batches(), None)
    if first is None:
        return 0
    table = first.table
    if isinstance(source, ParquetSource):
        return int(table.nbytes / table.num_rows * source.num_rows)
    # A cell is followed by a delimiter or the end of its line.
    offset_bytes = 4 * table.num_columns * table.num_rows
    text_bytes = table.nbytes - offset_bytes + table.num_columns * table.num_rows
    return int(table.nbytes / max(text_bytes, 1) * path.stat().st_size)


def needs_streaming(path: Path, memory_bytes: int, limits: TableLimits = DEFAULT_LIMITS) -> bool:
    """Whether the table takes more memory than `memory_bytes`, and is of a type that streams."""
    size = table_bytes(path, limits)
    return size is not None and size > memory_bytes


def _streamed(limits: TableLimits) -> TableLimits:
    """The limits without that of memory, which holds for a batch by its size."""
    return replace(limits, max_memory_bytes=_UNLIMITED)
