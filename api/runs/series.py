"""One metric over the steps of a run, and its downsampling for charts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


LAST_STEP = 2**63 - 1
"""MLflow stores steps as 64-bit integers."""


@dataclass(frozen=True)
class StepRange:
    """Includes both ends; None means no limit."""

    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, kw_only=True)
class Series:
    """Columns of equal length, with each step once, ascending; times in ms since the Unix epoch."""

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
    """A series of points in any order; of several points at one step, the last one logged counts.

    If the times are equal too, the larger value counts, as in MLflow's own latest metrics.
    """
    points = Series(
        steps=np.asarray(steps, dtype=np.int64),
        timestamps_ms=np.asarray(timestamps_ms, dtype=np.int64),
        values=np.asarray(values, dtype=np.float64),
    )
    # MLflow compares a NaN as 0, because its SQL store keeps a 0 in its place.
    compared = np.where(np.isnan(points.values), 0.0, points.values)
    ordered = points.at(np.lexsort((compared, points.timestamps_ms, points.steps)))
    is_last = np.append(ordered.steps[1:] != ordered.steps[:-1], True)[: len(ordered)]
    return ordered.at(np.flatnonzero(is_last))


def downsample(values: Floats, limit: int) -> Integers:
    """Ascending indices of at most `limit` values that preserve the shape of the curve.

    These are the first, the last and, of each of equal buckets between them, the least, the
    greatest and the first NaN. A limit that is too small for one bucket keeps, in this order: the
    last, the first, the greatest, the least.
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
    """Indices of the first NaN, the least and the greatest value, as far as they exist."""
    is_nan = np.isnan(values)
    found = [int(is_nan.argmax())] if is_nan.any() else []
    if not is_nan.all():
        found += [int(np.nanargmin(values)), int(np.nanargmax(values))]
    return [start + index for index in found]
