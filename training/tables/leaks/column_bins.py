"""Turns one column into a few bins, of its values and of whether they are missing."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.tables.arrow_columns import is_date, is_text
from training.tables.labels import Booleans, Floats, Integers

MAX_BINS = 64
MAX_CATEGORIES = 1000
MISSING = 0
"""The bin of missing values. Those of values follow it."""


def missing_bins(values: pa.Array) -> Integers:
    """MISSING or 1 for each row."""
    return np.where(is_missing(values), MISSING, 1).astype(np.int64)


def is_missing(values: pa.Array) -> Booleans:
    missing: Booleans = pc.is_null(values).to_numpy(zero_copy_only=False)
    return missing


def numbers_of(values: pa.Array) -> Floats:
    """The column as numbers, 0 where missing: dates in microseconds, texts by the alphabet."""
    if is_text(values.type):
        codes, places = _encoded(values)
        return places[codes] if len(places) else np.zeros(len(values))
    if is_date(values.type):
        values = pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64())
    # A float has not all of the microseconds of distant years; their order is all that counts.
    floats = pc.cast(values, pa.float64(), safe=False)
    numbers: Floats = pc.fill_null(floats, 0.0).to_numpy(zero_copy_only=False)
    return numbers


def value_bins(values: pa.Array) -> tuple[Integers, ...]:
    """One or two ways to bin the values of a column; each array has the bin of each row.

    Numbers and dates have quantile bins, or a bin per value if there are few. So do texts, by
    their order in the alphabet, which shows serial numbers and prefixes such as `K00752.01`;
    texts of many values are first binned by value, those beyond the most frequent together.
    """
    missing = is_missing(values)
    by_order = _quantile_bins(numbers_of(values), missing)
    if not is_text(values.type) or not has_many(by_order):
        return (by_order,)
    codes, _ = _encoded(values)
    return (_frequent(codes, missing), by_order)


def order_bins(numbers: Floats | Integers) -> Integers:
    """Quantile bins of numbers that are all present."""
    return _quantile_bins(numbers.astype(np.float64), np.zeros(len(numbers), np.bool_))


def has_many(bins: Integers) -> bool:
    """Whether a bin may hold more than one value."""
    return int(bins.max(initial=0)) >= MAX_BINS


def _encoded(values: pa.Array) -> tuple[Integers, Floats]:
    """The code of the text of each row, and of each code its text's place in the alphabet."""
    encoded = values.dictionary_encode()
    codes = pc.fill_null(encoded.indices, 0).to_numpy().astype(np.int64)
    places = np.empty(len(encoded.dictionary), np.float64)
    places[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(places))
    return codes, places


def _quantile_bins(numbers: Floats, missing: Booleans) -> Integers:
    present = numbers[~missing]
    if not len(present):
        return np.zeros(len(numbers), np.int64)
    distinct = np.unique(present)
    if len(distinct) < MAX_BINS:
        bins = np.searchsorted(distinct, numbers)
    else:
        edges = np.quantile(present, np.linspace(0, 1, MAX_BINS + 1)[1:-1])
        bins = np.searchsorted(np.unique(edges), numbers)
    return np.where(missing, MISSING, bins + 1).astype(np.int64)


def _frequent(codes: Integers, missing: Booleans) -> Integers:
    counts = np.bincount(codes[~missing])
    order = np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]
    # The bin after the frequent values has all others.
    bins = np.full(max(len(counts), int(codes.max()) + 1), len(order) + 1, np.int64)
    bins[order] = 1 + np.arange(len(order))
    return np.where(missing, MISSING, bins[codes])
