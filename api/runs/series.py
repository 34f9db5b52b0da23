"""One metric over the steps of a run, and the part of it that still shows its shape."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


LAST_STEP = 2**63 - 1
"""MLflow keeps steps in 64 bits."""


@dataclass(frozen=True)
class StepRange:
    """Both ends belong to it; None is no end."""

    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, kw_only=True)
class Series:
    """Columns of equal length: each step once, ascending; times in ms since the Unix epoch."""

    steps: Integers
    timestamps_ms: Integers
    values: Floats

    def __len__(self) -> int:
        return len(self.steps)

    def between(self, wanted: StepRange) -> "Series":
        start = 0 if wanted.first is None else int(np.searchsorted(self.steps, wanted.first))
        stop = len(self)
        if wanted.last is not None:
            stop = int(np.searchsorted(self.steps, wanted.last, side="right"))
        return self.at(np.arange(start, max(start, stop)))

    def at(self, indices: Integers) -> "Series":
        return Series(
            steps=self.steps[indices],
            timestamps_ms=self.timestamps_ms[indices],
            values=self.values[indices],
        )


def once_per_step(steps: ArrayLike, timestamps_ms: ArrayLike, values: ArrayLike) -> Series:
    """The points in any order as a series: of several at one step, the last to be logged counts.

    Where even the time is the same, the larger value counts, as in MLflow's own latest metrics.
    """
    points = Series(
        steps=np.asarray(steps, dtype=np.int64),
        timestamps_ms=np.asarray(timestamps_ms, dtype=np.int64),
        values=np.asarray(values, dtype=np.float64),
    )
    # MLflow compares a NaN as the 0 that its SQL store keeps in place of it.
    compared = np.where(np.isnan(points.values), 0.0, points.values)
    ordered = points.at(np.lexsort((compared, points.timestamps_ms, points.steps)))
    is_last = np.append(ordered.steps[1:] != ordered.steps[:-1], True)[: len(ordered)]
    return ordered.at(np.flatnonzero(is_last))


def downsample(values: Floats, limit: int) -> Integers:
    """Ascending indices of at most `limit` values that show what all of them would.

    The first and the last are kept, and of each of equal buckets in between the least, the
    greatest and the first NaN. A limit too small for that keeps, in this order: the last, the
    first, the greatest, the least.
    """
    if len(values) <= limit:
        return np.arange(len(values))
    has_nan = bool(np.isnan(values).any())
    num_buckets = (limit - 2) // (3 if has_nan else 2)
    if num_buckets < 1:
        landmarks = [len(values) - 1, 0, *reversed(_landmarks(values, 0))]
        return np.unique(landmarks[:limit])
    kept = [0, len(values) - 1]
    start = 1
    for bucket in np.array_split(values[1:-1], num_buckets):
        kept += _landmarks(bucket, start)
        start += len(bucket)
    return np.unique(kept)


def _landmarks(values: Floats, start: int) -> list[int]:
    """Where the first NaN is, the least and the greatest value, as far as there are any."""
    is_nan = np.isnan(values)
    found = [int(is_nan.argmax())] if is_nan.any() else []
    if not is_nan.all():
        found += [int(np.nanargmin(values)), int(np.nanargmax(values))]
    return [start + index for index in found]
