"""One metric over the steps of a run."""

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
