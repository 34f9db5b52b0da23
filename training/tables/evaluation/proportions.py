"""Intervals of proportions whose rows come in groups."""

import numpy as np

from tracking_plugin.wilson_interval import Interval, wilson_interval
from training.tables.labels import Floats


def grouped_intervals(
    successes: Floats, trials: Floats, rows_per_group: float
) -> list[Interval | None]:
    """95 % Wilson intervals of proportions, None without a trial.

    `successes` and `trials`, both (num_units, num_proportions), count rows in units that are
    independent of each other. Wilson's interval is taken of as many trials as would have the
    variance that the proportion has between units (Kott and Carr 1997, J. Official Statistics
    13(4)). A proportion of 0 or 1 has none: there each group, of `rows_per_group` rows, counts as
    one trial. The bootstrap would say that 3 of 3 found are exactly all.
    """
    total, num_trials = successes.sum(axis=0), trials.sum(axis=0)
    share = total / np.maximum(num_trials, 1)
    effective = _effective_trials(successes, trials, share, num_trials, rows_per_group)
    return [
        wilson_interval(p * n, n) if count else None
        for p, n, count in zip(share.tolist(), effective.tolist(), num_trials, strict=True)
    ]


def _effective_trials(
    successes: Floats, trials: Floats, share: Floats, num_trials: Floats, rows_per_group: float
) -> Floats:
    num_units = (trials > 0).sum(axis=0)
    correction = num_units / np.maximum(num_units - 1, 1)
    residuals = successes - share * trials
    variance = correction * (residuals**2).sum(axis=0) / np.maximum(num_trials, 1) ** 2
    binomial = share * (1 - share)
    has_variance = (num_units > 1) & (binomial > 0) & (variance > 0)
    by_variance = binomial / np.where(has_variance, variance, 1.0)
    effective = np.where(has_variance, by_variance, num_trials / max(rows_per_group, 1.0))
    bounded: Floats = np.clip(effective, np.minimum(1.0, num_trials), num_trials)
    return bounded
