"""Draws a sample of the rows of a table that is read in batches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from training.tables.columns.row_codes import Codes, no_columns, with_column
from training.tables.errors import TableError
from training.tables.labels import Integers
from training.tables.large.source import ParquetSource, TableSource, TextSource
from training.tables.limits import DEFAULT_LIMITS, TableLimits
from training.tables.reader import ReadTable

_COPY_FILE = "rows.parquet"
_COPY_BATCHES = 16
"""Batches of text in one row group of the copy."""
_ALL = np.uint64(np.iinfo(np.uint64).max)


@dataclass(frozen=True, kw_only=True, eq=False)
class TableSample:
    """Some rows of a table, each with the same chance, and where to read all of them again."""

    read: ReadTable
    """The rows of the sample, in the order of the table."""
    row_numbers: Integers
    """Of the rows of the sample, from 0."""
    num_rows: int
    """Of the table."""
    source: TableSource


def draw_sample(
    source: ParquetSource | TextSource,
    folder: Path,
    *,
    max_rows: int,
    max_bytes: int,
    seed: int = 0,
    copies_text: bool = True,
    limits: TableLimits = DEFAULT_LIMITS,
) -> TableSample:
    """The sample that the first pass over the file gives: `max_rows` rows, fewer if they are wide.

    The rows with the smallest hashes are kept (bottom-k sampling; Cohen and Kaplan 2007), so that
    memory is bounded. Text is parsed only once: it is copied to a Parquet file in `folder`, which
    the sample's source reads from then on; without `copies_text`, it is parsed again.

    Raises TableError for a fault in the file or if it has no rows; OSError if the disk is full.
    """
    rows = _BottomRows(max_rows, max_bytes, seed)
    copy: _Copy | None = None
    if copies_text and isinstance(source, TextSource):
        copy = _Copy(source, folder / _COPY_FILE, limits)
    for batch in source.batches() if copy is None else copy.batches():
        rows.add(batch)
    read, numbers = rows.sample(source.notes)
    return TableSample(
        read=read,
        row_numbers=numbers,
        num_rows=rows.num_rows,
        source=source if copy is None else copy.copied(),
    )


class _BottomRows:
    """The rows with the smallest hashes so far."""

    def __init__(self, max_rows: int, max_bytes: int, seed: int) -> None:
        self._max_rows, self._max_bytes = max_rows, max_bytes
        self._seed = np.uint64(seed)
        self._limit = _ALL
        self._parts: list[pa.Table] = []
        self._numbers: list[Integers] = []
        self._keys: list[Codes] = []
        self._num_kept, self._kept_bytes = 0, 0
        self.num_rows = 0
        """Of the table so far."""
        self._first: ReadTable | None = None

    def add(self, batch: ReadTable) -> None:
        self._first = self._first or replace(batch, table=batch.table.slice(0, 0))
        numbers = np.arange(self.num_rows, self.num_rows + batch.table.num_rows)
        self.num_rows += batch.table.num_rows
        keys = with_column(no_columns(len(numbers)) + self._seed, numbers.astype(np.uint64))
        self._keep(batch.table, numbers, keys)
        while self._is_over():
            self._limit = np.uint64(int(self._limit) // 2)
            self._filter()

    def _keep(self, table: pa.Table, numbers: Integers, keys: Codes) -> None:
        chosen = np.flatnonzero(keys <= self._limit)
        if not len(chosen):
            return
        # Rows that are taken do not hold on to the memory of their batch.
        part = table.take(pa.array(chosen))
        self._parts.append(part)
        self._numbers.append(numbers[chosen])
        self._keys.append(keys[chosen])
        self._num_kept += len(chosen)
        self._kept_bytes += part.nbytes

    def _is_over(self) -> bool:
        """Whether there are twice as many rows as may be kept."""
        too_many = self._num_kept > 2 * self._max_rows or self._kept_bytes > 2 * self._max_bytes
        return self._num_kept > 1 and too_many

    def _filter(self) -> None:
        kept = zip(self._parts, self._numbers, self._keys, strict=True)
        self._parts, self._numbers, self._keys = [], [], []
        self._num_kept, self._kept_bytes = 0, 0
        for part, numbers, keys in kept:
            self._keep(part, numbers, keys)

    def sample(self, notes: tuple[str, ...]) -> tuple[ReadTable, Integers]:
        """The rows and their numbers. Raises TableError if there are none."""
        if self._first is None or not self._parts:
            raise TableError("Expected rows below the header, but the file has none.")
        table = _one_type(self._parts)
        numbers, keys = np.concatenate(self._numbers), np.concatenate(self._keys)
        share = min(1.0, self._max_bytes / max(table.nbytes, 1))
        num_kept = max(1, min(self._max_rows, int(share * len(keys))))
        kept = np.sort(np.argsort(keys, kind="stable")[:num_kept])
        read = replace(self._first, table=table.take(pa.array(kept)), notes=notes)
        return read, numbers[kept]


def _one_type(parts: list[pa.Table]) -> pa.Table:
    """The parts as one table. A column of large whole numbers may be text in some of them."""
    schema = parts[0].schema
    for index, field in enumerate(schema):
        if any(part.schema.field(index).type != field.type for part in parts):
            schema = schema.set(index, field.with_type(pa.string()))
    return pa.concat_tables([part.cast(schema) for part in parts]).combine_chunks()


class _Copy:
    """Copies the rows of a text to Parquet while they are read."""

    def __init__(self, source: TextSource, path: Path, limits: TableLimits) -> None:
        self._source, self._path, self._limits = source, path, limits

    def batches(self) -> Iterator[ReadTable]:
        writer: pq.ParquetWriter | None = None
        waiting: list[pa.Table] = []
        try:
            for batch in self._source.batches():
                writer = writer or pq.ParquetWriter(self._path, batch.table.schema)
                waiting.append(batch.table)
                if len(waiting) == _COPY_BATCHES:
                    writer.write_table(pa.concat_tables(waiting))
                    waiting = []
                yield batch
            if writer is not None and waiting:
                writer.write_table(pa.concat_tables(waiting))
        finally:
            if writer is not None:
                writer.close()

    def copied(self) -> ParquetSource:
        return ParquetSource(self._path, self._limits, self._source.text_format)
