"""Hashes the cells of columns and the rows of a table, to find equal ones in linear time."""

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import is_text

Codes = npt.NDArray[np.uint64]

_PART_TEXTS = 100_000
"""Distinct texts that are Python objects at a time."""
_MISSING = np.uint64(0x9E3779B97F4A7C15)


def cell_codes(values: pa.Array) -> Codes:
    """A 64-bit hash per cell, the same for the same value in every column and process.

    Numbers are compared as floats, so the columns 1, 2 and 1.0, 2.0 are equal.
    """
    codes = _text_codes(values) if is_text(values.type) else _mixed(_bits(values))
    if values.null_count:
        codes = np.where(pc.is_null(values).to_numpy(zero_copy_only=False), _MISSING, codes)
    return codes


def no_columns(num_rows: int) -> Codes:
    """The hashes of rows to which no column was added yet."""
    return np.zeros(num_rows, np.uint64)


def with_column(rows: Codes, cells: Codes) -> Codes:
    """The hashes of the rows, extended by one column.

    Among ten million different rows, two share a hash in 1 of 400,000 tables.
    """
    return _mixed(rows * np.uint64(31) + cells)


def num_repeated(codes: Codes) -> int:
    """Number of rows that repeat an earlier one."""
    return len(codes) - len(np.unique(codes))


def _text_codes(values: pa.Array) -> Codes:
    encoded = values.dictionary_encode()
    if not len(encoded.dictionary):
        return np.zeros(len(values), np.uint64)
    parts = range(0, len(encoded.dictionary), _PART_TEXTS)
    distinct = np.concatenate(
        [_digests(encoded.dictionary.slice(start, _PART_TEXTS)) for start in parts]
    )
    codes: Codes = distinct[pc.fill_null(encoded.indices, 0).to_numpy()]
    return codes


def _digests(texts: pa.Array) -> Codes:
    digests = b"".join(
        hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts.to_pylist()
    )
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def _bits(values: pa.Array) -> Codes:
    kind = values.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        whole = pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64())
        times: Codes = pc.fill_null(whole, 0).to_numpy(zero_copy_only=False).view(np.uint64)
        return times
    numbers = pc.fill_null(pc.cast(values, pa.float64()), 0.0).to_numpy(zero_copy_only=False)
    # -0.0 and 0.0 have different bits.
    bits: Codes = (numbers + 0.0).view(np.uint64)
    return bits


def _mixed(codes: Codes) -> Codes:
    """The finalizer of SplitMix64 (Steele, Lea, Flood 2014)."""
    codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    codes = (codes ^ (codes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Codes = codes ^ (codes >> np.uint64(31))
    return mixed
