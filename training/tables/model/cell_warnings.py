"""Warns of values that the training of a model did not have."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.descriptions import ColumnKind
from training.tables.labels import Booleans, Floats
from training.tables.model.input_column import InputColumn, days_since_1970
from training.tables.model.predictions import CellWarning
from training.tables.model.value_words import day_text, number_text


def cell_warnings(
    columns: Sequence[InputColumn], rows: pa.Table, *, first_row: int
) -> tuple[CellWarning, ...]:
    """The warnings by row; `first_row` is the number of the first row.

    There is one for each number or date outside the range of training, for each unknown category,
    and for each missing value in a column that had none.
    """
    found: list[CellWarning] = []
    for column in columns:
        for message, is_warned in _warned(column, rows.column(column.name).combine_chunks()):
            found += [
                CellWarning(row=first_row + int(at), column=column.name, message=message)
                for at in np.flatnonzero(is_warned)
            ]
    return tuple(sorted(found, key=lambda warning: warning.row))


def _warned(column: InputColumn, values: pa.Array) -> list[tuple[str, Booleans]]:
    warned = []
    if not column.num_missing and values.null_count:
        is_missing = pc.is_null(values).to_numpy(zero_copy_only=False)
        warned.append(("missing, but training had no missing value here", is_missing))
    match column.kind:
        case ColumnKind.NUMBER:
            numbers = values.to_numpy(zero_copy_only=False)
            warned.append((_range_message(column), _is_outside(column, numbers)))
        case ColumnKind.DATE:
            warned.append((_range_message(column), _is_outside(column, days_since_1970(values))))
        case ColumnKind.BOOLEAN | ColumnKind.CATEGORY:
            warned.append(("a category that training did not have", _is_unseen(column, values)))
    return warned


def _is_outside(column: InputColumn, numbers: Floats) -> Booleans:
    if column.minimum is None or column.maximum is None:
        return np.zeros(len(numbers), np.bool_)
    # A missing value compares as neither.
    return (numbers < column.minimum) | (numbers > column.maximum)


def _range_message(column: InputColumn) -> str:
    if column.minimum is None or column.maximum is None:
        return ""
    text = day_text if column.kind is ColumnKind.DATE else number_text
    return (
        f"outside the range seen in training, {text(column.minimum)} to {text(column.maximum)}"
        f"{f' {column.unit}' if column.unit else ''}"
    )


def _is_unseen(column: InputColumn, values: pa.Array) -> Booleans:
    is_seen = pc.is_in(pc.cast(values, pa.string()), value_set=column.categories)
    unseen: Booleans = pc.and_(pc.invert(is_seen), pc.is_valid(values)).to_numpy(
        zero_copy_only=False
    )
    return unseen
