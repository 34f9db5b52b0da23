"""A column of a table that an encoder takes, and whether a table has it as it was in training."""

from dataclasses import dataclass

import pyarrow as pa

from training.tables.arrow_columns import TIMESTAMP, is_date, is_text
from training.tables.descriptions import ColumnKind
from training.tables.errors import TableError
from training.tables.printable import printable

_TYPES_OF_MISSING = {
    ColumnKind.NUMBER: pa.float64(),
    ColumnKind.BOOLEAN: pa.bool_(),
    ColumnKind.DATE: TIMESTAMP,
    ColumnKind.CATEGORY: pa.string(),
    ColumnKind.TEXT: pa.string(),
}


@dataclass(frozen=True)
class EncodedColumn:
    """A column that is encoded, and what it holds."""

    name: str
    kind: ColumnKind


def checked(values: pa.ChunkedArray, column: EncodedColumn) -> pa.ChunkedArray:
    """The values, with the type of the column's kind if all are missing."""
    if _fits(values.type, column.kind):
        return values
    if values.null_count == len(values):
        return pa.chunked_array([pa.nulls(len(values), _TYPES_OF_MISSING[column.kind])])
    raise TableError(
        f"Expected the kind '{column.kind}' in the column '{printable(column.name)}', as in "
        f"training, but the type '{values.type}' came."
    )


def _fits(kind: pa.DataType, column: ColumnKind) -> bool:
    match column:
        case ColumnKind.NUMBER:
            return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
        case ColumnKind.BOOLEAN:
            return bool(pa.types.is_boolean(kind))
        case ColumnKind.DATE:
            return is_date(kind)
    return is_text(kind)
