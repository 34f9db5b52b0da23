"""Says in words what a value is, and where it lies among those of training."""

import math
from bisect import bisect_left, bisect_right
from datetime import timedelta
from typing import Any

from training.tables.descriptions import ColumnKind
from training.tables.model.input_column import EPOCH, InputColumn
from training.tables.printable import printable


def number_text(number: float) -> str:
    """The number with up to six digits that count: `120`, `0.0312`, `1.23457e+08`."""
    return f"{number:.6g}"


def day_text(days: float) -> str:
    """A date given in days since 1970, with hours and minutes if it has any."""
    moment = EPOCH + timedelta(days=days)
    if days == math.floor(days):
        return moment.date().isoformat()
    return moment.isoformat(sep=" ", timespec="minutes")


def value_words(column: InputColumn, value: Any) -> str:
    """Name and value of a cell beside those of training.

    `value` is that of the row as `InputColumn` counts it, dates in days since 1970.
    """
    name = printable(column.name) or "the column without a name"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return f"{name} is missing{_as_in(column.num_missing, column)}"
    match column.kind:
        case ColumnKind.NUMBER:
            unit = f" {column.unit}" if column.unit else ""
            return f"{name} is {number_text(value)}{unit}{_place(column, value, 'lower', 'higher')}"
        case ColumnKind.DATE:
            return f"{name} is {day_text(value)}{_place(column, value, 'earlier', 'later')}"
        case ColumnKind.TEXT:
            return f"the text of {name}, {len(value):,} characters long"
    text = str(value).lower() if column.kind is ColumnKind.BOOLEAN else str(value)
    shown = text if column.kind is ColumnKind.BOOLEAN else f"'{printable(text)}'"
    if text not in column.counts:
        return f"{name} is {shown}, which training did not have"
    return f"{name} is {shown}{_as_in(column.counts[text], column)}"


def _as_in(num_rows: int, column: InputColumn) -> str:
    if not num_rows:
        return ", as in no training row"
    share = 100 * num_rows / column.num_rows
    return f", as in {share:.0f} % of the training rows" if share >= 1 else ", which is rare"


def _place(column: InputColumn, value: float, below: str, above: str) -> str:
    """Where the value lies: `, lower than 92 % of the training rows`."""
    if column.minimum is None or column.maximum is None:
        return ""
    if value < column.minimum:
        return f", {below} than all training rows"
    if value > column.maximum:
        return f", {above} than all training rows"
    num_below = bisect_left(column.percentiles, value)
    num_above = len(column.percentiles) - bisect_right(column.percentiles, value)
    word, percent = (below, num_above) if num_above >= num_below else (above, num_below)
    if percent < 50:
        return ", in the middle of the training rows"
    return f", {word} than {min(percent, 99)} % of the training rows"
