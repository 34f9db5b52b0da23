"""Compares probabilities with how often they come true (reliability diagram)."""

import numpy as np

from training.tables.evaluation.proportions import grouped_intervals
from training.tables.evaluation.resampling import Resampling
from training.tables.evaluation.schema import ReliabilityBin
from training.tables.labels import Booleans, Floats, Integers

NUM_BINS = 15
"""Of equal width, as in the reports on image classifiers."""
_EDGES = np.linspace(0, 1, NUM_BINS + 1)[1:-1]


def bin_of(probabilities: Floats) -> Integers:
    """The bin of each probability, from 0; a bin includes its upper edge."""
    return np.searchsorted(_EDGES, probabilities, side="left").astype(np.int64)


def calibration_error(probabilities: Floats, came_true: Booleans) -> float:
    """The mean gap between probability and what is observed (expected calibration error)."""
    gaps = np.bincount(bin_of(probabilities), probabilities - came_true, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(probabilities))


def reliability_bins(
    probabilities: Floats, came_true: Booleans, resampling: Resampling
) -> tuple[ReliabilityBin, ...]:
    """The bins that have rows, by rising probability."""
    bins = bin_of(probabilities)
    counts = resampling.sums_by_code(bins, NUM_BINS)
    hits = resampling.sums_by_code(bins, NUM_BINS, came_true.astype(np.float64))
    total = counts.sum(axis=0)
    mean = np.bincount(bins, probabilities, minlength=NUM_BINS) / np.maximum(total, 1)
    observed = hits.sum(axis=0) / np.maximum(total, 1)
    intervals = grouped_intervals(hits, counts, resampling.rows_per_group)
    return tuple(
        ReliabilityBin(
            mean_probability=float(mean[index]),
            observed=float(observed[index]),
            observed_interval=interval,
            num_rows=int(total[index]),
        )
        for index, interval in enumerate(intervals)
        if interval is not None
    )
