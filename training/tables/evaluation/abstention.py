"""Chooses the confidence below which a model should abstain."""

from dataclasses import dataclass

import numpy as np

from tracking_plugin.wilson_interval import Interval
from training.tables.evaluation.class_metrics import ClassPredictions
from training.tables.evaluation.proportions import grouped_intervals
from training.tables.evaluation.resampling import Resampling
from training.tables.labels import Floats, Integers

MIN_RELIABILITY = 0.9
_GRID = np.round(np.arange(0.0, 1.0, 0.01), 2)


@dataclass(frozen=True, kw_only=True)
class Abstention:
    """Below `threshold` a model abstains; the figures are of the rows at or above it.

    `threshold` is None if no confidence is enough.
    """

    threshold: float | None
    decided_share: float
    reliability: float | None
    interval: Interval | None
    sentence: str


def choose_abstention(
    probabilities: Floats,
    codes: Integers,
    groups: Integers,
    *,
    min_reliability: float = MIN_RELIABILITY,
) -> Abstention:
    """The lowest confidence from which on decisions are right often enough.

    Enough is where the lower end of the 95 % interval of their share reaches `min_reliability`.
    Choose it on calibrated out-of-fold predictions, (num_rows, num_classes); rows with NaN or a
    code below 0 do not count.
    """
    rows = np.flatnonzero(np.isfinite(probabilities).all(axis=1) & (codes >= 0))
    predictions = ClassPredictions(codes[rows], probabilities[rows])
    resampling = Resampling(groups[rows], num_sums=len(_GRID) + 1)
    passed = np.searchsorted(_GRID, predictions.confidence, side="right").astype(np.int64) - 1
    above = _from_top(resampling.sums_by_code(passed, len(_GRID)))
    right = _from_top(
        resampling.sums_by_code(passed, len(_GRID), predictions.is_right.astype(np.float64))
    )
    intervals = grouped_intervals(right, above, resampling.rows_per_group)
    for place, interval in enumerate(intervals):
        if interval is not None and interval[0] >= min_reliability:
            share = float(above[:, place].sum() / len(rows))
            reliability = float(right[:, place].sum() / above[:, place].sum())
            return Abstention(
                threshold=float(_GRID[place]),
                decided_share=share,
                reliability=reliability,
                interval=interval,
                sentence=(
                    f"At a confidence of {_GRID[place]:g} and above, {share:.0%} of validated rows "
                    f"are decided, {reliability:.1%} of them rightly (95 % interval "
                    f"{interval[0]:.1%} to {interval[1]:.1%})."
                ),
            )
    return Abstention(
        threshold=None,
        decided_share=0.0,
        reliability=None,
        interval=None,
        sentence=(
            f"No confidence is shown to be right {min_reliability:.0%} of the time, so every row "
            "would be abstained on."
        ),
    )


def _from_top(sums: Floats) -> Floats:
    return np.cumsum(sums[:, ::-1], axis=1)[:, ::-1]
