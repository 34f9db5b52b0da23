"""Metrics of predicted numbers, with intervals over groups."""

import numpy as np
from scipy.stats import rankdata

from training.tables.evaluation.resampling import Resampling
from training.tables.evaluation.schema import Estimate, NumberBin, Regression
from training.tables.labels import Floats

NUM_BINS = 20
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NUMBER_METRICS = ("rmse", "mae", "r2", "mean_error")


def number_metrics(predicted: Floats, true: Floats, resampling: Resampling) -> dict[str, Estimate]:
    """The metrics of predictions, (num_rows,); medians and rank correlations have no interval."""
    estimates = resampling.estimates(number_sums(predicted, true, resampling), measure_numbers)
    return {
        **dict(zip(NUMBER_METRICS, estimates, strict=True)),
        "median_absolute_error": Estimate(value=float(np.median(np.abs(predicted - true)))),
        "spearman": Estimate(value=_rank_correlation(predicted, true)),
    }


def number_sums(predicted: Floats, true: Floats, resampling: Resampling) -> Floats:
    """The sums that `measure_numbers` takes, (num_units, num_sums)."""
    errors = predicted - true
    # Of numbers near their mean, sums of squares lose nothing to rounding.
    centred = true - true.mean()
    return resampling.sums(
        np.ones(len(true)), errors**2, np.abs(errors), centred, centred**2, errors
    )


def regression(predicted: Floats, true: Floats) -> Regression:
    """Errors in figures, and true numbers over predicted ones, in bins of equal numbers of rows."""
    errors = predicted - true
    parts = np.array_split(np.argsort(predicted, kind="stable"), min(NUM_BINS, len(true)))
    return Regression(
        bins=tuple(
            NumberBin(
                mean_predicted=float(predicted[rows].mean()),
                mean_observed=float(true[rows].mean()),
                num_rows=len(rows),
            )
            for rows in parts
        ),
        error_quantiles=_quantiles(errors),
        absolute_error_quantiles=_quantiles(np.abs(errors)),
    )


def measure_numbers(totals: Floats) -> Floats:
    """The `NUMBER_METRICS` of sums of `number_sums`."""
    num_rows, squares, absolute, sum_true, squares_true, errors = totals.T
    spread = squares_true - sum_true**2 / num_rows
    r2 = np.where(spread > 0, 1 - squares / np.where(spread > 0, spread, 1.0), np.nan)
    return np.stack(
        [np.sqrt(squares / num_rows), absolute / num_rows, r2, errors / num_rows], axis=1
    )


def _rank_correlation(predicted: Floats, true: Floats) -> float | None:
    first, second = rankdata(predicted), rankdata(true)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _quantiles(values: Floats) -> dict[str, float]:
    found = np.quantile(values, _QUANTILES).tolist()
    return {str(q): value for q, value in zip(_QUANTILES, found, strict=True)}
