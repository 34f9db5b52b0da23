"""Reads a Parquet file; nothing in it is executed, and what it says about itself is not trusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.tables.arrow_columns import is_text, normalised, unsupported
from training.tables.errors import TableError, too_large
from training.tables.files.header import column_names
from training.tables.files.memory_budget import MemoryBudget, cell_too_long
from training.tables.limits import TableLimits
from training.tables.printable import printable

_BATCH_ROWS = 16_384
_METADATA_LIMIT = 64 * 2**20
_BUFFER_BYTES = 2**20
"""Read at a time of one column."""


def read_parquet(path: Path, limits: TableLimits) -> tuple[pa.Table, tuple[str, ...]]:
    """The table with the types of the file, and notes. Its metadata for pandas are ignored.

    Raises TableError for a damaged file, a nested or binary column, or a limit.
    """
    file = ParquetTable(path, limits)
    batches = list(file.batches())
    if not batches:
        raise TableError("Expected rows, but the Parquet file has none.")
    with _faults_named():
        table = pa.Table.from_batches(batches).replace_schema_metadata(None)
        columns = [normalised(column) for column in table.columns]
    return pa.table(columns, names=list(file.names)), file.notes


class ParquetTable:
    """A Parquet file, whose rows can be read in batches. Raises as `read_parquet` does."""

    def __init__(self, path: Path, limits: TableLimits) -> None:
        self._path = path
        self._limits = limits
        with _faults_named():
            self._open()

    def _open(self) -> None:
        with (
            self._path.open("rb") as source,
            pq.ParquetFile(
                source,
                thrift_string_size_limit=_METADATA_LIMIT,
                thrift_container_size_limit=_METADATA_LIMIT,
            ) as file,
        ):
            schema = file.schema_arrow
            self.num_rows = int(file.metadata.num_rows)
        self.names, self.notes = column_names(schema.names, self._limits)
        for name, field in zip(self.names, schema, strict=True):
            if (reason := unsupported(field.type)) is not None:
                raise TableError(
                    f"Expected numbers, texts, dates or booleans in the column "
                    f"'{printable(name)}', but it has {reason}. Remove or flatten it."
                )
        if self.num_rows > self._limits.max_rows:
            raise too_large(
                f"The table has {self.num_rows:,} rows; the limit is {self._limits.max_rows:,} rows."
            )
        self._texts = [field.name for field in schema if is_text(field.type)]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows with the types and names of the file, within a bounded amount of memory."""
        budget = MemoryBudget(self._limits)
        # A dictionary keeps a long text that repeats a million times from being unpacked at once,
        # and the buffer keeps a row group from being read at once.
        with (
            _faults_named(),
            self._path.open("rb") as source,
            pq.ParquetFile(
                source,
                read_dictionary=self._texts,
                buffer_size=_BUFFER_BYTES,
                # It would keep what was read of all row groups.
                pre_buffer=False,
            ) as file,
        ):
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                if batch.num_rows == 0:
                    continue
                # Arrow reads texts that are not UTF-8, and indices outside their dictionary.
                batch.validate(full=True)
                sizes = [_unpacked_bytes(column, self._limits) for column in batch.columns]
                budget.add(batch.num_rows, sum(sizes))
                plain = [_unpacked(column) for column in batch.columns]
                yield pa.RecordBatch.from_arrays(plain, names=batch.schema.names)


@contextmanager
def _faults_named() -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, MemoryError, ValueError, OverflowError, KeyError):
        # Messages of Arrow may quote values.
        raise TableError(
            "Expected a Parquet file, but it is damaged or uses a feature that is not read. "
            "Write it again."
        ) from None


def _unpacked_bytes(column: pa.Array, limits: TableLimits) -> int:
    """Memory of the column without its dictionary. Raises TableError for a cell over the limit."""
    if pa.types.is_dictionary(column.type) and is_text(column.type.value_type):
        lengths = pc.binary_length(column.dictionary)
        _check_cells(column.dictionary, limits)
        total = pc.sum(pc.cast(lengths.take(column.indices), pa.int64())).as_py()
        return int(total or 0) + 4 * len(column)
    if is_text(column.type):
        _check_cells(column, limits)
    return int(column.nbytes)


def _check_cells(texts: pa.Array, limits: TableLimits) -> None:
    # A character has at most 4 bytes.
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > 4 * limits.max_cell_chars:
        raise cell_too_long("A text column", limits)


def _unpacked(column: pa.Array) -> pa.Array:
    return (
        pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
    )
