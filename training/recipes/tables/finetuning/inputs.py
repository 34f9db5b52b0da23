"""Widens what a model knows of its columns by the rows that it was fine-tuned on."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.descriptions import ColumnKind
from training.tables.labels import Floats, Integers
from training.tables.model.input_column import InputColumn, days_since_1970


def widened_inputs(
    inputs: Sequence[InputColumn], rows: pa.Table, numbers: Integers
) -> tuple[InputColumn, ...]:
    """The columns with the ranges of these rows as well.

    Percentiles stay those of the first training, and so do the categories, since the encoding is
    fixed. `rows` is what the model takes, `numbers` are those of its rows that were learned from.
    """
    learned = rows.take(pa.array(numbers))
    return tuple(
        _widened(column, learned.column(column.name).combine_chunks()) for column in inputs
    )


def _widened(column: InputColumn, values: pa.Array) -> InputColumn:
    update: dict[str, object] = {
        "num_rows": column.num_rows + len(values),
        "num_missing": column.num_missing + values.null_count,
    }
    match column.kind:
        case ColumnKind.NUMBER:
            update |= _range(column, values.to_numpy(zero_copy_only=False))
        case ColumnKind.DATE:
            update |= _range(column, days_since_1970(values))
        case ColumnKind.BOOLEAN | ColumnKind.CATEGORY:
            update["counts"] = _counts(column, pc.cast(values, pa.string()))
    return column.model_copy(update=update)


def _range(column: InputColumn, numbers: Floats) -> dict[str, object]:
    present = numbers[np.isfinite(numbers)]
    if not len(present) or column.minimum is None or column.maximum is None:
        return {}
    return {
        "minimum": min(column.minimum, float(present.min())),
        "maximum": max(column.maximum, float(present.max())),
    }


def _counts(column: InputColumn, texts: pa.Array) -> dict[str, int]:
    found = pc.value_counts(texts.drop_null())
    more = dict(zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True))
    return {name: count + more.get(name, 0) for name, count in column.counts.items()}
