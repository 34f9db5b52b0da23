"""A series has each step once."""

import numpy as np

from api.runs.series import once_per_step


def test_of_several_points_at_a_step_the_last_logged_counts() -> None:
    series = once_per_step([2, 1, 2, 1], [30, 10, 20, 11], [0.3, 0.1, 0.2, 0.11])

    assert series.steps.tolist() == [1, 2]
    assert series.values.tolist() == [0.11, 0.3]
    assert series.timestamps_ms.tolist() == [11, 30]


def test_at_the_same_time_the_larger_value_counts_and_nan_as_zero() -> None:
    nan = float("nan")
    series = once_per_step([1, 1, 2, 2, 3, 3], [5] * 6, [0.1, 0.9, nan, 0.5, nan, -0.5])

    assert series.values[:2].tolist() == [0.9, 0.5]
    assert np.isnan(series.values[2])


def test_a_series_may_be_empty() -> None:
    assert len(once_per_step([], [], [])) == 0
