"""Downsamples a curve for a chart, keeping its extremes."""

import numpy as np

from api.runs.series import Floats, Integers


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
