"""Reads a text column as numbers, if nearly all of its cells are."""

import math
import re
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import MAX_EXACT_INTEGER
from training.tables.distinct import MIN_SHARE, DistinctTexts, most, sample
from training.tables.printable import printable
from training.tables.typed_values import KeptText, TypedValues
from training.tables.values import WrittenNumber, read_number, split_number

_CODE = r"^[+-]?0\d"
_INFINITE = frozenset(["inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"])
_LEADING_ZEROS = KeptText("The numbers have leading zeros, so they stay text, as codes do.")
_TOO_LARGE = KeptText("The whole numbers exceed 2^53, so they stay text to remain exact.")

Number = int | float | None


def read_numbers(values: pa.Array, decimal: str) -> TypedValues | KeptText | None:
    """The numbers in the cells; missing cells are null. None if the column is no number column.

    `decimal` decides where the cells do not: `1,234` is 1234 with `.` and 1.234 with `,`. A unit
    or currency is left out if all numbers have the same one. Cells that are no numbers become
    null and a problem, if they are at most 5 % of the cells.
    """
    if decimal == "." and (plain := _plain(values)) is not None:
        return plain
    if not most(sample(values), _is_number):
        return None
    return _written(DistinctTexts.of(values), decimal)


def _is_number(text: str) -> bool:
    return split_number(text) is not None or text.lower() in _INFINITE


def _plain(values: pa.Array) -> TypedValues | KeptText | None:
    """Numbers without any marks or units, which Arrow reads a hundred times as fast."""
    try:
        floats = pc.cast(values, pa.float64())
    except pa.ArrowInvalid:
        return None
    if floats.null_count == len(floats) or not pc.all(pc.is_finite(floats)).as_py():
        return None
    try:
        numbers = pc.cast(values, pa.int64())
    except pa.ArrowInvalid:
        if _exceeds(floats) and pc.all(pc.match_substring_regex(values, r"^[+-]?\d+$")).as_py():
            return _TOO_LARGE
        return TypedValues(values=floats)
    if pc.any(pc.match_substring_regex(values, _CODE)).as_py():
        return _LEADING_ZEROS
    return _TOO_LARGE if _exceeds(numbers) else TypedValues(values=numbers)


def _exceeds(numbers: pa.Array) -> bool:
    bounds = pc.min_max(numbers).as_py()
    return bool(max(-bounds["min"], bounds["max"]) > MAX_EXACT_INTEGER)


def _written(texts: DistinctTexts, decimal: str) -> TypedValues | KeptText | None:
    written = [split_number(text) for text in texts.texts]
    units = _units(written, texts.counts)
    if not units:
        return None
    unit, num_with_unit = units.most_common(1)[0]
    chosen = [number if number and number.unit == unit else None for number in written]
    decimal, numbers = _read_all(texts, chosen, decimal)
    infinite = [
        text.lower() in _INFINITE or number in (math.inf, -math.inf)
        for text, number in zip(texts.texts, numbers, strict=True)
    ]
    numbers = [None if is_inf else number for number, is_inf in zip(numbers, infinite, strict=True)]
    num_infinite = sum(n for is_inf, n in zip(infinite, texts.counts, strict=True) if is_inf)
    if texts.count(numbers) < MIN_SHARE * (texts.num_cells - num_infinite):
        several = units.total() >= MIN_SHARE * texts.num_cells and num_with_unit < units.total()
        return _different_units(units) if several else None
    kept = _kept_text(chosen, numbers)
    if kept is not None:
        return kept
    whole = all(isinstance(number, int) for number in numbers if number is not None)
    faults = zip(numbers, infinite, strict=True)
    return TypedValues(
        values=texts.expanded(
            numbers if whole else [None if n is None else float(n) for n in numbers],
            pa.int64() if whole else pa.float64(),
        ),
        unit=unit or None,
        notes=_notes(chosen, decimal, num_infinite),
        problem=texts.problem([number is None and not is_inf for number, is_inf in faults]),
    )


def _units(written: Sequence[WrittenNumber | None], counts: Sequence[int]) -> Counter[str]:
    """Number of cells with each unit; `most_common` keeps the order of the cells among equals."""
    units: Counter[str] = Counter()
    for number, count in zip(written, counts, strict=True):
        if number is not None:
            units[number.unit] += count
    return units


def _read_all(
    texts: DistinctTexts, written: Sequence[WrittenNumber | None], decimal: str
) -> tuple[str, list[Number]]:
    """The decimal mark with which more cells are numbers, and their values."""
    other = "," if decimal == "." else "."
    readings = [
        (mark, [None if number is None else read_number(number, mark) for number in written])
        for mark in (decimal, other)
    ]
    return max(readings, key=lambda reading: texts.count(reading[1]))


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
    if any(re.match(_CODE, digits) for _, digits in present):
        return _LEADING_ZEROS
    return _TOO_LARGE if any(abs(number) > MAX_EXACT_INTEGER for number, _ in present) else None


def _different_units(units: Counter[str]) -> KeptText:
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
        notes.append("The comma was read as decimal mark.")
    if decimal == "." and any("," in text for text in digits):
        notes.append("The comma was read as mark of thousands.")
    if num_infinite:
        notes.append(f"{num_infinite:,} infinite values count as missing.")
    return tuple(notes)
