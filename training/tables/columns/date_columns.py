"""Reads a text column as dates, if nearly all of its cells are."""

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import TIMESTAMP, TIMESTAMP_UTC
from training.tables.columns.dates import DayOrder, WrittenDate, allowed_orders, read_date
from training.tables.columns.distinct import MIN_SHARE, DistinctTexts, most, sample
from training.tables.columns.typed_values import KeptText, TypedValues
from training.tables.printable import printable
from training.tables.question import Answers, Question, answer_to

_ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
_FIRST_YEAR = datetime(1, 1, 1)  # noqa: DTZ001, compared with times without a zone


def read_dates(values: pa.Array, name: str, answers: Answers) -> TypedValues | KeptText | None:
    """The dates in the cells of the column `name`; None if the column is no date column.

    Dates without times become date32, others timestamps in microseconds, in UTC if they have a
    zone. Where day and month can be exchanged in all cells, a question asks for their order, and
    the column stays text until it is answered.
    """
    if not most(sample(values), _is_date):
        return None
    if (iso := iso_dates(values)) is not None:
        return iso
    texts = DistinctTexts.of(values)
    order, notes = _order(texts, name, answers)
    if isinstance(order, KeptText):
        return order
    dates = [read_date(text, order) for text in texts.texts]
    has_zone = _has_zone(dates, texts)
    dates = [date if date and date.has_zone == has_zone else None for date in dates]
    if texts.count(dates) < MIN_SHARE * texts.num_cells:
        return None
    return TypedValues(
        values=_expanded(dates, texts, has_zone=has_zone),
        notes=notes,
        problem=texts.problem([date is None for date in dates]),
        day_order=order if notes else None,
    )


def _is_date(text: str) -> bool:
    return any(read_date(text, order) is not None for order in DayOrder)


def iso_dates(values: pa.Array) -> TypedValues | None:
    """Dates as ISO 8601 writes them without a zone, which Arrow reads a hundred times as fast."""
    if not pc.all(pc.match_substring_regex(values, _ISO)).as_py():
        return None
    try:
        moments = pc.cast(values, TIMESTAMP)
    except pa.ArrowInvalid:
        return None
    if pc.any(pc.less(moments, pa.scalar(_FIRST_YEAR, TIMESTAMP))).as_py():
        return None
    has_time = pc.max(pc.utf8_length(values)).as_py() > len("2000-01-01")
    return TypedValues(values=moments if has_time else pc.cast(moments, pa.date32()))


def _order(
    texts: DistinctTexts, name: str, answers: Answers
) -> tuple[DayOrder | KeptText, tuple[str, ...]]:
    orders = [allowed_orders(text) for text in texts.texts]
    first, month = frozenset([DayOrder.DAY_FIRST]), frozenset([DayOrder.MONTH_FIRST])
    num_day_first, num_month_first = orders.count(first), orders.count(month)
    if num_day_first and num_month_first:
        return KeptText("Some dates have the day first and others the month."), ()
    if num_day_first or num_month_first:
        order = DayOrder.DAY_FIRST if num_day_first else DayOrder.MONTH_FIRST
        return order, (f"Dates were read with the {order}: no other order fits all.",)
    if not any(
        allowed and _differ(text) for text, allowed in zip(texts.texts, orders, strict=True)
    ):
        return DayOrder.DAY_FIRST, ()
    question = Question(
        id=f"date_order:{name}",
        text=f"Which part of the dates in the column '{printable(name)}' stands first?",
        options=tuple(DayOrder),
    )
    answer = answer_to(question, answers)
    if answer is None:
        return KeptText("Day and month of the dates can be exchanged.", question), ()
    return DayOrder(answer), (f"Dates were read with the {answer}, as answered.",)


def _differ(text: str) -> bool:
    """Whether the two orders give two dates."""
    day, month = (read_date(text, order) for order in DayOrder)
    return day != month


def _has_zone(dates: Sequence[WrittenDate | None], texts: DistinctTexts) -> bool:
    num_with = texts.count([date if date and date.has_zone else None for date in dates])
    return 2 * num_with > texts.count(dates)


def _expanded(
    dates: Sequence[WrittenDate | None], texts: DistinctTexts, *, has_zone: bool
) -> pa.Array:
    if not any(date.has_time for date in dates if date is not None):
        days = [None if date is None else date.moment.date() for date in dates]
        return texts.expanded(days, pa.date32())
    moments = [None if date is None else date.moment for date in dates]
    values = texts.expanded(moments, TIMESTAMP)
    return pc.cast(values, TIMESTAMP_UTC) if has_zone else values
