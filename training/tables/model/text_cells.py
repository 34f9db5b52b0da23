"""Reads texts as numbers, booleans and dates, as the columns of a model were read in training."""

import math
import re
from datetime import datetime

from training.tables.columns.boolean_columns import PAIRS
from training.tables.columns.dates import DayOrder, allowed_orders, read_date
from training.tables.columns.values import WrittenNumber, read_number, split_number
from training.tables.model.cell_faults import UnreadableCellError
from training.tables.model.input_column import InputColumn
from training.tables.printable import printable

_BOOLEANS = {text: position == 0 for pair in PAIRS for position, text in enumerate(pair)}
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?")
_MAX_PLAIN_CHARS = 400


def number_in(text: str, column: InputColumn, decimal: str | None) -> float:
    """The number; `decimal` is the likely decimal mark, None if nothing says which it is.

    Raises UnreadableCellError for another text, an infinite number, another unit than that of the
    column, or a comma that may separate thousands or decimals.
    """
    if decimal != "," and len(text) <= _MAX_PLAIN_CHARS and _PLAIN.fullmatch(text):
        return finite(float(text))
    written = split_number(text)
    if written is None:
        raise UnreadableCellError(_a_number(column), "a text")
    if written.unit and written.unit != column.unit:
        raise UnreadableCellError(_a_number(column), "another unit")
    number = _read(written, decimal)
    if number is None:
        raise UnreadableCellError(_a_number(column), "a text")
    return finite(number)


def finite(number: float) -> float:
    """The number as a float; raises UnreadableCellError if it is infinite."""
    try:
        converted = float(number)
    except OverflowError:
        converted = math.inf
    if math.isinf(converted):
        raise UnreadableCellError("a finite number", "an infinite one")
    return converted


def boolean_in(text: str) -> bool:
    """True or false in one of the languages that are read in training."""
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise UnreadableCellError("true or false", "another text")
    return value


def date_in(text: str, column: InputColumn) -> datetime:
    """The date or time, in UTC without a zone."""
    orders = allowed_orders(text)
    if orders is None:
        order = DayOrder.DAY_FIRST
    elif len(orders) == 1:
        (order,) = orders
    elif column.day_order is not None:
        order = column.day_order
    elif orders and not _same_in_both_orders(text):
        raise UnreadableCellError("a date as in 2020-03-04", "one whose day may be its month")
    else:
        order = DayOrder.DAY_FIRST
    date = read_date(text, order)
    if date is None:
        raise UnreadableCellError("a date as in 2020-03-04", "another text")
    return date.moment


def _same_in_both_orders(text: str) -> bool:
    return read_date(text, DayOrder.DAY_FIRST) == read_date(text, DayOrder.MONTH_FIRST)


def _read(written: WrittenNumber, decimal: str | None) -> float | None:
    if decimal is not None:
        number = read_number(written, decimal)
        return (
            number if number is not None else read_number(written, "," if decimal == "." else ".")
        )
    readings = {read_number(written, mark) for mark in ".,"} - {None}
    if len(readings) > 1:
        raise UnreadableCellError("a number without marks of thousands", "an ambiguous one")
    return readings.pop() if readings else None


def _a_number(column: InputColumn) -> str:
    return f"a number in {printable(column.unit)}" if column.unit else "a number"
