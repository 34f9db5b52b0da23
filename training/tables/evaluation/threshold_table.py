"""Tabulates completeness and reliability over thresholds, as catalogues of astronomers do.

Completeness is recall, reliability is precision (Thompson et al. 2018, ApJS 235, 38, for Kepler).
"""

import numpy as np

from training.tables.evaluation.proportions import grouped_intervals
from training.tables.evaluation.resampling import Resampling
from training.tables.evaluation.schema import ThresholdRow
from training.tables.labels import Booleans, Floats

THRESHOLDS = (*(round(0.05 * step, 2) for step in range(1, 20)), 0.99)
"""The same for all models, so that tables can be compared."""
_LOW_TOP = 0.5


def threshold_grid(scores: Floats) -> Floats:
    """THRESHOLDS; shares of the highest score instead where no row reaches one half.

    Otherwise the table of a rare class would be empty.
    """
    top = float(scores.max())
    return np.array(THRESHOLDS) * (top if top < _LOW_TOP else 1.0)


def threshold_table(
    scores: Floats, is_positive: Booleans, resampling: Resampling
) -> tuple[ThresholdRow, ...]:
    """One row for each threshold, which at least one row must be positive for.

    `scores` are the probabilities of a class, `is_positive` says which rows are of the class, both
    (num_rows,). Intervals are of 95 % and respect groups.
    """
    grid = threshold_grid(scores)
    num_passed = np.searchsorted(grid, scores, side="right").astype(np.int64)
    positives = is_positive.astype(np.float64)
    above = _at_or_above(resampling.sums_by_code(num_passed, len(grid) + 1))
    found = _at_or_above(resampling.sums_by_code(num_passed, len(grid) + 1, positives))
    all_positives = np.broadcast_to(resampling.sums(positives), found.shape)
    complete = grouped_intervals(found, all_positives, resampling.rows_per_group)
    reliable = grouped_intervals(found, above, resampling.rows_per_group)
    num_above, num_found = above.sum(axis=0), found.sum(axis=0)
    return tuple(
        ThresholdRow(
            threshold=float(threshold),
            num_above=int(num_above[place]),
            num_found=int(num_found[place]),
            completeness=float(num_found[place] / positives.sum()),
            completeness_interval=complete[place] or (0.0, 1.0),
            reliability=float(num_found[place] / num_above[place]) if num_above[place] else None,
            reliability_interval=reliable[place],
        )
        for place, threshold in enumerate(grid)
    )


def _at_or_above(sums: Floats) -> Floats:
    """From sums by the number of thresholds passed those of rows that pass each threshold."""
    from_top = np.cumsum(sums[:, ::-1], axis=1)[:, ::-1]
    return from_top[:, 1:]
