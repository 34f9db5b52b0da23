"""Makes a row that shows how a model is called, and whose values are of no single person."""

from datetime import timedelta

from training.tables.descriptions import ColumnKind
from training.tables.model.input_column import EPOCH, InputColumn
from training.tables.model.target import Label

MIN_ROWS = 5
"""Rows that must share a category for it to be shown."""


def example_value(column: InputColumn) -> Label | None:
    """A usual value: a rounded median, the first day of a usual year, the most frequent category.

    None if no category is frequent enough to be shown.
    """
    match column.kind:
        case ColumnKind.NUMBER:
            return float(f"{_median(column):.2g}")
        case ColumnKind.DATE:
            return f"{(EPOCH + timedelta(days=_median(column))).year:04}-01-01"
        case ColumnKind.TEXT:
            return "a text"
    category = max(column.counts, key=lambda text: column.counts[text], default="")
    if column.kind is ColumnKind.BOOLEAN:
        return category == "true"
    return category if column.counts.get(category, 0) >= MIN_ROWS else None


def _median(column: InputColumn) -> float:
    return column.percentiles[len(column.percentiles) // 2] if column.percentiles else 0.0
