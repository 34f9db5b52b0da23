"""Describes a column that a model takes, by the rows that it was trained on."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from training.tables.arrow_columns import TIMESTAMP, one_array
from training.tables.columns.dates import DayOrder
from training.tables.columns.missing_values import MISSING_MARKERS
from training.tables.descriptions import ColumnDescription, ColumnKind, TypedTable
from training.tables.labels import Floats, Integers

TYPES = {
    ColumnKind.NUMBER: pa.float64(),
    ColumnKind.BOOLEAN: pa.bool_(),
    ColumnKind.DATE: TIMESTAMP,
    ColumnKind.CATEGORY: pa.string(),
    ColumnKind.TEXT: pa.string(),
}
"""The Arrow type of each kind in the rows that a model predicts; times are in UTC."""

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001, rows have times in UTC without a zone
_MICROSECONDS_PER_DAY = 86_400_000_000


class InputColumn(BaseModel):
    """One column, and the values it had in training."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    kind: ColumnKind
    unit: str | None = None
    decimal: str | None = None
    """The decimal mark by which texts were read; None if no text was ambiguous."""
    day_order: DayOrder | None = None
    num_rows: int
    num_missing: int
    minimum: float | None = None
    maximum: float | None = None
    """Numbers as they are, dates in days since 1970; None for other kinds."""
    percentiles: tuple[float, ...] = ()
    """Percentiles 0 to 100 of numbers and dates."""
    counts: dict[str, int] = {}
    """Rows by category; booleans are `true` and `false`."""
    kept_markers: tuple[str, ...] = ()
    """Texts such as `NA` that are values of this column."""

    @cached_property
    def categories(self) -> pa.Array:
        return pa.array(list(self.counts), pa.string())


def describe_inputs(
    typed: TypedTable, rows: Integers, columns: Sequence[str]
) -> tuple[InputColumn, ...]:
    """The columns as they are in these rows, which are those that the model was trained on."""
    described = {column.name: column for column in typed.columns}
    table = typed.table.select(columns).take(pa.array(rows))
    return tuple(_described(described[name], one_array(table.column(name))) for name in columns)


def days_since_1970(moments: pa.Array) -> Floats:
    """Dates or times as days and their fractions, NaN where missing."""
    ticks = pc.cast(pc.cast(moments, TIMESTAMP, safe=False), pa.int64())
    days: Floats = pc.cast(ticks, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return days / _MICROSECONDS_PER_DAY


def _described(description: ColumnDescription, values: pa.Array) -> InputColumn:
    column = InputColumn(
        name=description.name,
        kind=description.kind,
        unit=description.unit,
        decimal=description.decimal,
        day_order=description.day_order,
        num_rows=len(values),
        num_missing=values.null_count,
    )
    match description.kind:
        case ColumnKind.NUMBER:
            floats = pc.cast(values, pa.float64(), safe=False)
            return column.model_copy(update=_range(floats.to_numpy(zero_copy_only=False)))
        case ColumnKind.DATE:
            return column.model_copy(update=_range(days_since_1970(values)))
        case ColumnKind.BOOLEAN | ColumnKind.CATEGORY:
            texts = pc.cast(values, pa.string())
            update = {"counts": _counts(texts), "kept_markers": _kept_markers(texts)}
            return column.model_copy(update=update)
    return column.model_copy(update={"kept_markers": _kept_markers(values)})


def _range(numbers: Floats) -> dict[str, object]:
    present = numbers[np.isfinite(numbers)]
    if not len(present):
        return {}
    percentiles = np.quantile(present, np.linspace(0, 1, 101))
    return {
        "minimum": float(present.min()),
        "maximum": float(present.max()),
        "percentiles": tuple(float(value) for value in percentiles),
    }


def _counts(texts: pa.Array) -> dict[str, int]:
    found = pc.value_counts(texts.drop_null())
    pairs = zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True)
    return dict(sorted(pairs))


def _kept_markers(texts: pa.Array) -> tuple[str, ...]:
    markers = pa.array(sorted(MISSING_MARKERS), texts.type)
    kept = texts.filter(pc.is_in(pc.ascii_lower(texts), value_set=markers))
    return tuple(sorted(pc.unique(kept.drop_null()).to_pylist()))
