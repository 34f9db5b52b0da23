"""Downsampling preserves the shape of a curve."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from api.runs.downsampling import downsample

numbers = st.floats(allow_nan=False, allow_infinity=True)
curves = st.lists(st.one_of(numbers, st.just(float("nan"))), max_size=400).map(np.array)


@given(values=curves, limit=st.integers(1, 500))
def test_downsampling_keeps_the_order_and_the_limit(
    values: NDArray[np.float64], limit: int
) -> None:
    kept = downsample(values, limit).tolist()

    assert len(kept) <= limit
    assert kept == sorted(set(kept))
    if len(values) <= limit:
        assert kept == list(range(len(values)))


@given(values=curves, limit=st.integers(5, 500))
def test_downsampling_keeps_both_ends_the_extremes_and_a_nan(
    values: NDArray[np.float64], limit: int
) -> None:
    kept = downsample(values, limit)

    if len(values):
        assert {0, len(values) - 1} <= set(kept.tolist())
    is_nan = np.isnan(values)
    assert np.isnan(values[kept]).any() == is_nan.any()
    if not is_nan.all():
        assert np.nanmin(values[kept]) == np.nanmin(values)
        assert np.nanmax(values[kept]) == np.nanmax(values)


@given(values=st.lists(numbers, min_size=1, max_size=400).map(np.array), limit=st.integers(4, 60))
def test_every_bucket_keeps_its_own_extremes(values: NDArray[np.float64], limit: int) -> None:
    kept = set(downsample(values, limit).tolist())

    if len(values) <= limit:
        return
    start = 1
    for bucket in np.array_split(values[1:-1], (limit - 2) // 2):
        of_bucket = {values[index] for index in kept if start <= index < start + len(bucket)}
        assert {bucket.min(), bucket.max()} <= of_bucket
        start += len(bucket)


def test_a_limit_of_one_keeps_the_last_point() -> None:
    assert downsample(np.array([5.0, 9.0, 1.0]), 1).tolist() == [2]
    assert downsample(np.array([5.0, 9.0, 1.0]), 2).tolist() == [0, 2]


def test_a_spike_survives() -> None:
    values = np.zeros(100_000)
    values[54_321] = 7.0
    values[12_345] = float("nan")

    kept = downsample(values, 1000)
    assert 54_321 in kept
    assert 12_345 in kept


def test_many_nans_leave_room_for_the_extremes() -> None:
    values = np.tile([float("nan"), 1.0, 2.0, 3.0], 1000)

    kept = downsample(values, 300)
    assert 200 < len(kept) <= 300
    assert {1.0, 3.0} <= set(values[kept])
