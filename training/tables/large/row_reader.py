"""Gives batches of rows the types that the columns have in the sample."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from training.tables.descriptions import ColumnKind, TypedTable
from training.tables.labels import Integers
from training.tables.large.source import TableSource
from training.tables.model.input_column import InputColumn, describe_inputs
from training.tables.model.table_rows import rows_and_faults
from training.tables.reader import ReadTable


@dataclass(frozen=True, eq=False)
class TypedRows:
    """Some rows, in the types of `InputColumn`; `unreadable` counts cells by column."""

    table: pa.Table
    unreadable: Counter[str]


class RowReader:
    """Reads rows as a model of these columns reads them for predictions.

    Columns without a value in the sample are left out. A cell of another kind than its column is
    missing.
    """

    def __init__(self, typed: TypedTable, rows: Integers) -> None:
        """`typed` is the sample; the columns are described by these of its rows."""
        names = [column.name for column in typed.columns if column.kind is not ColumnKind.EMPTY]
        self.empty = tuple(
            column.name for column in typed.columns if column.kind is ColumnKind.EMPTY
        )
        self.columns: tuple[InputColumn, ...] = describe_inputs(typed, rows, names)

    def read(self, batch: ReadTable) -> TypedRows:
        table, faults = rows_and_faults(self.columns, batch)
        return TypedRows(table, Counter({item.column: item.num_cells for item in faults}))

    def batches(self, source: TableSource, max_rows: int) -> Iterator[TypedRows]:
        """All rows of the source, up to `max_rows` at a time."""
        for batch in source.batches():
            for start in range(0, batch.table.num_rows, max_rows):
                part = batch.table.slice(start, max_rows)
                yield self.read(
                    ReadTable(table=part, file_type=batch.file_type, text_format=batch.text_format)
                )
