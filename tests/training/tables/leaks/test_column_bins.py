"""Bins keep apart what is missing, few values each, and texts by their place in the alphabet."""

import datetime as dt

import numpy as np
import pyarrow as pa

from training.tables.leaks.column_bins import (
    MAX_BINS,
    MAX_CATEGORIES,
    MISSING,
    has_many,
    missing_bins,
    value_bins,
)


def test_few_values_have_a_bin_each_and_missing_ones_their_own() -> None:
    (bins,) = value_bins(pa.array([3.0, None, 1.0, 3.0]))
    assert bins.tolist() == [2, MISSING, 1, 2]
    assert missing_bins(pa.array([3.0, None])).tolist() == [1, MISSING]
    assert not has_many(bins)


def test_many_values_have_quantile_bins_of_equal_size() -> None:
    (bins,) = value_bins(pa.array(np.exp(np.linspace(-9, 9, 6400))))
    counts = np.bincount(bins)[1:]
    assert len(counts) == MAX_BINS
    assert counts.min() >= 99
    assert counts.max() <= 101
    assert has_many(bins)


def test_dates_booleans_and_empty_columns_are_binned() -> None:
    (dates,) = value_bins(pa.array([dt.date(2700, 1, 1), dt.date(1000, 1, 1)]))
    assert dates.tolist() == [2, 1]
    (booleans,) = value_bins(pa.array([True, False, None]))
    assert booleans.tolist() == [2, 1, MISSING]
    for kind in (pa.float64(), pa.string()):
        (empty,) = value_bins(pa.array([None, None], kind))
        assert empty.tolist() == [MISSING, MISSING]


def test_texts_are_binned_by_value_and_by_the_alphabet() -> None:
    texts = [f"K{number:05d}" for number in range(3000)]
    frequent, alphabetical = value_bins(pa.array([*texts, "K00007", None]))
    assert (frequent[7], frequent[-2]) == (1, 1)
    assert frequent.max() == MAX_CATEGORIES + 1
    assert (np.diff(alphabetical[:3000]) >= 0).all()
    assert frequent[-1] == alphabetical[-1] == MISSING
