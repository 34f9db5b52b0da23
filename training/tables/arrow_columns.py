"""Brings Arrow columns of any type to the few types that the rest of the package knows."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MAX_EXACT_INTEGER = 2**53
"""Up to here a float holds every whole number; past it, numbers stay text, to be exact."""

TIMESTAMP = pa.timestamp("us")
TIMESTAMP_UTC = pa.timestamp("us", tz="UTC")
"""In microseconds, years 1 to 9999 fit; in nanoseconds, only 1677 to 2262 do."""

_TICKS_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_LARGE_TEXT_BYTES = 2**31 - 1


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_int64(kind) or pa.types.is_float64(kind))


def is_date(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def unsupported(kind: pa.DataType) -> str | None:
    """Why a column of this type is not read; None if it is."""
    types = pa.types
    if types.is_dictionary(kind):
        return unsupported(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return "an extension type"
    if types.is_nested(kind):
        return "a nested type (lists, structs or maps)"
    if _is_bytes(kind):
        return "a binary type"
    known = (types.is_boolean, types.is_integer, types.is_floating, types.is_decimal)
    others = (types.is_temporal, types.is_null, is_text, types.is_string_view)
    if any(is_kind(kind) for is_kind in (*known, *others)) and not types.is_interval(kind):
        return None
    return f"the type {kind}"


def normalised(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as int64, float64, boolean, date32, timestamp in microseconds, or text.

    Whole numbers past MAX_EXACT_INTEGER become text. Raises pa.ArrowInvalid if a value does not
    fit, as a timestamp past the year 292,000.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return normalised(pc.cast(values, kind.value_type))
    if pa.types.is_integer(kind):
        return _integers(values)
    if pa.types.is_duration(kind):
        ticks = pc.cast(pc.cast(values, pa.int64()), pa.float64())
        return pc.divide(ticks, _TICKS_PER_SECOND[kind.unit])
    target = _target(kind)
    # Nanoseconds are cut.
    return values if kind == target else pc.cast(values, target, safe=not is_date(kind))


def _target(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_boolean(kind):
        return kind
    if types.is_floating(kind) or types.is_decimal(kind):
        return pa.float64()
    if types.is_timestamp(kind):
        return TIMESTAMP_UTC if kind.tz else TIMESTAMP
    return pa.date32() if types.is_date(kind) else pa.string()


def one_array(values: pa.ChunkedArray) -> pa.Array:
    """The column in one piece; text of more than 2 GiB with offsets of 64 bits."""
    if pa.types.is_string(values.type) and values.nbytes > _LARGE_TEXT_BYTES:
        values = pc.cast(values, pa.large_string())
    combined = values.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        return combined.chunk(0) if combined.num_chunks else pa.array([], values.type)
    return combined


def _integers(values: pa.ChunkedArray) -> pa.ChunkedArray:
    bounds: dict[str, Any] = pc.min_max(values).as_py()
    low, high = bounds["min"], bounds["max"]
    if low is not None and max(-low, high) > MAX_EXACT_INTEGER:
        return pc.cast(values, pa.string())
    return pc.cast(values, pa.int64())


def _is_bytes(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )
