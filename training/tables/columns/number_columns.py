"""Reads a text column as numbers, if nearly all of its cells are."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from training.tables.arrow_columns import MAX_EXACT_INTEGER
from training.tables.columns.distinct import MIN_SHARE, DistinctTexts, most, sample
from training.tables.columns.plain_numbers import (
    CODE,
    COMMA_NOTE,
    LEADING_ZEROS,
    TOO_LARGE,
    infinite_note,
    is_infinite,
    mostly_plain_numbers,
    plain_numbers,
)
from training.tables.columns.typed_values import KeptText, TypedValues
from training.tables.columns.values import WrittenNumber, read_number, split_number
from training.tables.printable import printable
from training.tables.question import Answers, Question, answer_to

THOUSANDS = "it separates thousands"
DECIMALS = "it is the decimal mark"

Number = int | float | None


def read_numbers(
    values: pa.Array, name: str, *, decimal: str | None, answers: Answers
) -> TypedValues | KeptText | None:
    """The numbers in the cells of the column `name`; None if the column is no number column.

    Missing cells are null. `decimal` decides where the cells do not: `1,234` is 1234 with `.` and
    1.234 with `,`. If it is None, a question asks, and the column stays text until it is answered.
    A unit or currency is left out if all numbers have the same one. Cells that are no numbers
    become null and a problem, if they are at most 5 % of the cells.
    """
    mark = decimal or "."
    if (plain := plain_numbers(values, mark)) is not None:
        return plain
    if not most(sample(values), _is_number):
        return None
    if (mostly := mostly_plain_numbers(values, mark)) is not None:
        return mostly
    texts = DistinctTexts.of(values)
    written = [split_number(text) for text in texts.texts]
    units = _units(written, texts.counts)
    if not units:
        return None
    unit = units.most_common(1)[0][0]
    chosen = [number if number and number.unit == unit else None for number in written]
    read = _read_all(texts, chosen, decimal)
    if isinstance(read, _Tie):
        question = _which_mark(name)
        if (answer := answer_to(question, answers)) is None:
            return KeptText("The comma may be a mark of thousands or of decimals.", question)
        read = read.resolved("." if answer == THOUSANDS else ",")
    return _typed(texts, chosen, read) or _different_units(texts, units)


def _is_number(text: str) -> bool:
    return split_number(text) is not None or is_infinite(text)


@dataclass(frozen=True)
class _Reading:
    """The numbers of the distinct texts, with one decimal mark."""

    decimal: str
    numbers: Sequence[Number]


@dataclass(frozen=True)
class _Tie:
    """Two readings with as many numbers, which differ."""

    readings: tuple[_Reading, _Reading]

    def resolved(self, decimal: str) -> _Reading:
        return next(reading for reading in self.readings if reading.decimal == decimal)


def _typed(
    texts: DistinctTexts, written: Sequence[WrittenNumber | None], reading: _Reading
) -> TypedValues | KeptText | None:
    infinite = [
        is_infinite(text) or number in (math.inf, -math.inf)
        for text, number in zip(texts.texts, reading.numbers, strict=True)
    ]
    both = list(zip(reading.numbers, infinite, strict=True))
    numbers = [None if is_inf else number for number, is_inf in both]
    num_infinite = sum(n for is_inf, n in zip(infinite, texts.counts, strict=True) if is_inf)
    num_numbers = texts.count(numbers)
    if num_numbers == 0 or num_numbers < MIN_SHARE * (texts.num_cells - num_infinite):
        return None
    if (kept := _kept_text(written, numbers)) is not None:
        return kept
    whole = all(isinstance(number, int) for number in numbers if number is not None)
    return TypedValues(
        values=texts.expanded(
            numbers if whole else [None if n is None else float(n) for n in numbers],
            pa.int64() if whole else pa.float64(),
        ),
        unit=next(number.unit for number in written if number is not None) or None,
        notes=_notes(written, reading.decimal, num_infinite),
        problem=texts.problem([number is None and not is_inf for number, is_inf in both]),
        decimal=reading.decimal if _has_marks(written) else None,
    )


def _has_marks(written: Sequence[WrittenNumber | None]) -> bool:
    return any("," in number.digits or "." in number.digits for number in written if number)


def _units(written: Sequence[WrittenNumber | None], counts: Sequence[int]) -> Counter[str]:
    """Number of cells with each unit; `most_common` keeps the order of the cells among equals."""
    units: Counter[str] = Counter()
    for number, count in zip(written, counts, strict=True):
        if number is not None:
            units[number.unit] += count
    return units


def _read_all(
    texts: DistinctTexts, written: Sequence[WrittenNumber | None], decimal: str | None
) -> _Reading | _Tie:
    """The reading in which more cells are numbers."""
    marks = (",", ".") if decimal == "," else (".", ",")
    first, second = (
        _Reading(
            mark,
            [None if number is None else read_number(number, mark) for number in written],
        )
        for mark in marks
    )
    num_first, num_second = texts.count(first.numbers), texts.count(second.numbers)
    if num_first == num_second and decimal is None and first.numbers != second.numbers:
        return _Tie((first, second))
    return first if num_first >= num_second else second


def _which_mark(name: str) -> Question:
    return Question(
        id=f"decimal:{name}",
        text=f"What does the comma mean in the numbers of the column '{printable(name)}'?",
        options=(THOUSANDS, DECIMALS),
    )


def _kept_text(
    written: Sequence[WrittenNumber | None], numbers: Sequence[Number]
) -> KeptText | None:
    present = [
        (number, item.digits)
        for number, item in zip(numbers, written, strict=True)
        if number is not None and item is not None
    ]
    if not all(isinstance(number, int) for number, _ in present):
        return None
    if any(re.match(CODE, digits) for _, digits in present):
        return LEADING_ZEROS
    return TOO_LARGE if any(abs(number) > MAX_EXACT_INTEGER for number, _ in present) else None


def _different_units(texts: DistinctTexts, units: Counter[str]) -> KeptText | None:
    """The reason, if the column would be one of numbers but for their units."""
    if len(units) == 1 or units.total() < MIN_SHARE * texts.num_cells:
        return None
    shown = ", ".join(
        f"'{printable(unit)}'" if unit else "none" for unit, _ in units.most_common(4)
    )
    return KeptText(f"The numbers have different units ({shown}), so they stay text.")


def _notes(
    written: Sequence[WrittenNumber | None], decimal: str, num_infinite: int
) -> tuple[str, ...]:
    notes = []
    digits = [number.digits for number in written if number is not None]
    if decimal == "," and any("," in text or "." in text for text in digits):
        notes.append(COMMA_NOTE)
    if decimal == "." and any("," in text for text in digits):
        notes.append("The comma was read as mark of thousands.")
    if num_infinite:
        notes.append(infinite_note(num_infinite))
    return tuple(notes)
