"""Reads a Parquet file; nothing in it is executed, and what it says about itself is not trusted."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


def read_parquet(path: Path, limits: TableLimits) -> tuple[pa.Table, tuple[str, ...]]:
    """The table with the types of the file, and notes. Its metadata for pandas are ignored.

    Raises TableError for a damaged file, a nested or binary column, or a limit.
    """
    with _named_errors():
        return _read(path, limits)


def parquet_batches(path: Path, limits: TableLimits) -> Iterator[pa.Table]:
    """Some rows at a time, each part within the limits; otherwise as `read_parquet`.

    A part has whole numbers as text if one of them exceeds 2^53.
    """
    with _named_errors():
        header = _read_header(path, limits)
        for batch in _packed_batches(path, header):
            yield header.normalised([_unpacked(batch, MemoryBudget(limits))])


@dataclass(frozen=True)
class _Header:
    """The names of the columns, those of them with texts as the file names them, and notes."""

    names: tuple[str, ...]
    texts: tuple[str, ...]
    notes: tuple[str, ...]

    def normalised(self, batches: Sequence[pa.RecordBatch]) -> pa.Table:
        table = pa.Table.from_batches(batches).replace_schema_metadata(None)
        return pa.table([normalised(column) for column in table.columns], names=list(self.names))


@contextmanager
def _named_errors() -> Iterator[None]:
    """Raise what pyarrow raises for damaged files as TableError."""
    try:
        yield
    except (pa.ArrowException, OSError, MemoryError, ValueError, OverflowError, KeyError):
        # Messages of Arrow may quote values.
        raise TableError(
            "Expected a Parquet file, but it is damaged or uses a feature that is not read. "
            "Write it again."
        ) from None


def _read(path: Path, limits: TableLimits) -> tuple[pa.Table, tuple[str, ...]]:
    header = _read_header(path, limits)
    budget = MemoryBudget(limits)
    batches = [_unpacked(batch, budget) for batch in _packed_batches(path, header)]
    if not batches:
        raise TableError("Expected rows, but the Parquet file has none.")
    return header.normalised(batches), header.notes


def _read_header(path: Path, limits: TableLimits) -> _Header:
    """Raises TableError for types that are not read."""
    with (
        path.open("rb") as source,
        pq.ParquetFile(
            source,
            thrift_string_size_limit=_METADATA_LIMIT,
            thrift_container_size_limit=_METADATA_LIMIT,
        ) as file,
    ):
        schema = file.schema_arrow
        names, notes = column_names(schema.names, limits)
        for name, field in zip(names, schema, strict=True):
            if (reason := unsupported(field.type)) is not None:
                raise TableError(
                    f"Expected numbers, texts, dates or booleans in the column "
                    f"'{printable(name)}', but it has {reason}. Remove or flatten it."
                )
        if file.metadata.num_rows > limits.max_rows:
            raise too_large(
                f"The table has {file.metadata.num_rows:,} rows; the limit is "
                f"{limits.max_rows:,} rows."
            )
    texts = tuple(field.name for field in schema if is_text(field.type))
    return _Header(names, texts, notes)


def _packed_batches(path: Path, header: _Header) -> Iterator[pa.RecordBatch]:
    # A dictionary keeps a long text that repeats a million times from being unpacked at once.
    with path.open("rb") as source, pq.ParquetFile(source, read_dictionary=header.texts) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
            if batch.num_rows:
                yield batch


def _unpacked(batch: pa.RecordBatch, budget: MemoryBudget) -> pa.RecordBatch:
    sizes = [_unpacked_bytes(column, budget.limits) for column in batch.columns]
    budget.add(batch.num_rows, sum(sizes))
    plain = [_without_dictionary(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(plain, names=batch.schema.names)


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


def _without_dictionary(column: pa.Array) -> pa.Array:
    return (
        pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
    )
