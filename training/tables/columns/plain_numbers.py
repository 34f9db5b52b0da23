"""Reads numbers without units and marks of thousands, which Arrow does a hundred times as fast."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import MAX_EXACT_INTEGER
from training.tables.columns.distinct import MIN_SHARE, DistinctTexts
from training.tables.columns.typed_values import KeptText, TypedValues
from training.tables.columns.values import split_number

CODE = r"^[+-]?0\d"
LEADING_ZEROS = KeptText("The numbers have leading zeros, so they stay text, as codes do.")
TOO_LARGE = KeptText("The whole numbers exceed 2^53, so they stay text to remain exact.")
COMMA_NOTE = "The comma was read as decimal mark."

_PLAIN = {
    ".": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$",
    ",": r"^[+-]?\d+(,\d+)?([eE][+-]?\d{1,4})?$",
}
_INFINITE = frozenset(["inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"])


def is_infinite(text: str) -> bool:
    return text.lower() in _INFINITE


def infinite_note(num_infinite: int) -> str:
    return f"{num_infinite:,} infinite values count as missing."


def plain_numbers(values: pa.Array, decimal: str) -> TypedValues | KeptText | None:
    """The numbers, if all cells are plain ones with the decimal mark; else None."""
    if decimal == ".":
        return _read(values)
    if not pc.all(pc.match_substring_regex(values, _PLAIN[","])).as_py():
        return None
    found = _read(pc.replace_substring(values, ",", "."))
    if isinstance(found, TypedValues) and pa.types.is_float64(found.values.type):
        return replace(found, notes=(COMMA_NOTE,), decimal=",")
    return found


def mostly_plain_numbers(values: pa.Array, decimal: str) -> TypedValues | KeptText | None:
    """The numbers, if at least 95 % of the cells are plain ones and no other cell is a number.

    The other cells become null and a problem, except infinite ones.
    """
    is_plain = pc.fill_null(pc.match_substring_regex(values, _PLAIN[decimal]), fill_value=False)
    missing = pa.scalar(None, values.type)
    others = DistinctTexts.of(pc.if_else(is_plain, missing, values))
    infinite = [is_infinite(text) for text in others.texts]
    num_infinite = sum(n for is_inf, n in zip(infinite, others.counts, strict=True) if is_inf)
    num_cells = len(values) - values.null_count - num_infinite
    if pc.sum(is_plain).as_py() < MIN_SHARE * num_cells:
        return None
    if any(split_number(text) is not None for text in others.texts):
        return None
    found = plain_numbers(pc.if_else(is_plain, values, missing), decimal)
    if not isinstance(found, TypedValues):
        return found
    notes = (infinite_note(num_infinite),) if num_infinite else ()
    return replace(
        found,
        notes=(*found.notes, *notes),
        problem=others.problem([not is_inf for is_inf in infinite]),
    )


def _read(values: pa.Array) -> TypedValues | KeptText | None:
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
            return TOO_LARGE
        return TypedValues(values=floats)
    if pc.any(pc.match_substring_regex(values, CODE)).as_py():
        return LEADING_ZEROS
    return TOO_LARGE if _exceeds(numbers) else TypedValues(values=numbers)


def _exceeds(numbers: pa.Array) -> bool:
    bounds = pc.min_max(numbers).as_py()
    return bool(max(-bounds["min"], bounds["max"]) > MAX_EXACT_INTEGER)
