"""Fits the encoder of a table on the rows that models are developed on."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import one_array
from training.tables.descriptions import ColumnDescription, ColumnKind, TypedTable
from training.tables.errors import TableError
from training.tables.features.encoded_column import EncodedColumn
from training.tables.features.encoder import TableEncoder, make_pipeline
from training.tables.features.text_columns import MAX_TEXT_COLUMNS
from training.tables.labels import Integers
from training.tables.printable import name_list


def fit_encoder(
    typed: TypedTable, rows: Integers, columns: Sequence[str], *, seed: int = 0
) -> TableEncoder:
    """The encoder of these columns, fitted on these rows alone: those of the development part.

    Columns that are empty or constant in them are left out, which `notes` say. The target must
    not be among `columns`. The same input gives the same encoder.

    Raises TableError if no column is left.
    """
    table = typed.table.select(columns).take(pa.array(rows))
    empty = [name for name in columns if table.column(name).null_count == table.num_rows]
    constant = [name for name in columns if name not in empty and _is_constant(table, name)]
    used = [
        EncodedColumn(item.name, item.kind)
        for item in _described(typed, columns)
        if item.name not in {*empty, *constant} and item.kind is not ColumnKind.EMPTY
    ]
    if not used:
        raise TableError(
            "Expected a column to learn from, but all columns are left out, empty or constant. "
            "Keep a column, or give a table with more of them."
        )
    pipeline = make_pipeline(used, seed=seed).fit(table)
    return TableEncoder(used, pipeline, _notes(empty, constant, used))


def _described(typed: TypedTable, columns: Sequence[str]) -> list[ColumnDescription]:
    by_name = {column.name: column for column in typed.columns}
    return [by_name[name] for name in columns]


def _is_constant(table: pa.Table, name: str) -> bool:
    """Whether all rows have the same value. Beside missing cells, one value tells something."""
    values = one_array(table.column(name))
    if values.null_count:
        return False
    # Most columns differ in their first rows.
    return len(pc.unique(values.slice(0, 100))) == 1 and len(pc.unique(values)) == 1


def _notes(
    empty: Sequence[str], constant: Sequence[str], used: Sequence[EncodedColumn]
) -> list[str]:
    notes = []
    if empty:
        notes.append(
            f"Left out, because no row of the training part has a value: {name_list(list(empty))}."
        )
    if constant:
        notes.append(
            "Left out, because all rows of the training part have the same value: "
            f"{name_list(list(constant))}."
        )
    texts = [column.name for column in used if column.kind is ColumnKind.TEXT]
    if len(texts) > MAX_TEXT_COLUMNS:
        notes.append(
            f"Of {len(texts)} columns with texts, the words of the first {MAX_TEXT_COLUMNS} and "
            "the lengths of all are used."
        )
    return notes
