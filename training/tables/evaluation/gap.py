"""Compares what selection promised with what the holdout shows."""

from math import hypot

from tracking_plugin.wilson_interval import Interval
from training.tables.evaluation.schema import Estimate, Gap, Score

LESS_IS_BETTER = frozenset(["log_loss", "brier", "ece", "rmse", "mae", "median_absolute_error"])
METRIC_TITLES = {
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "balanced_accuracy": "balanced accuracy",
    "matthews_correlation": "Matthews correlation",
    "auroc_macro": "AUROC (macro average)",
    "average_precision_macro": "average precision (macro average)",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "median_absolute_error": "median absolute error",
    "spearman": "Spearman's correlation",
}


def gap(selection: Score, holdout: Estimate) -> Gap | None:
    """The gap with a 95 % interval and a sentence; None if the holdout's metric is undefined.

    The interval is made of those of both scores, which are of different rows (Zou and Donner
    2008, Stat. Med. 27, 1693-1702); without one of selection, it is that of the holdout alone.
    """
    if holdout.value is None:
        return None
    sign = -1.0 if selection.metric in LESS_IS_BETTER else 1.0
    difference = sign * (selection.value - holdout.value)
    interval = _interval(selection, holdout, sign)
    return Gap(
        metric=selection.metric,
        selection=selection.value,
        holdout=holdout.value,
        difference=difference,
        interval=interval,
        sentence=_sentence(selection, holdout.value, difference, interval),
    )


def _interval(selection: Score, holdout: Estimate, sign: float) -> Interval | None:
    if holdout.value is None or holdout.interval is None:
        return None
    low, high = selection.interval or (selection.value, selection.value)
    below, above = holdout.interval
    centre = selection.value - holdout.value
    ends = (
        centre - hypot(selection.value - low, above - holdout.value),
        centre + hypot(high - selection.value, holdout.value - below),
    )
    return ends if sign > 0 else (-ends[1], -ends[0])


def _sentence(
    selection: Score, holdout: float, difference: float, interval: Interval | None
) -> str:
    title = METRIC_TITLES.get(selection.metric, selection.metric)
    scores = (
        f"The {title} was {shown_number(selection.value)} in selection and is {shown_number(holdout)} on the "
        "holdout"
    )
    if interval is None:
        return f"{scores}; there are too few groups to say how much of that is chance."
    between = f"95 % interval of the gap {shown_number(interval[0])} to {shown_number(interval[1])}"
    if interval[0] > 0:
        return (
            f"{scores}: selection promised {shown_number(difference)} too much, more than chance "
            f"explains ({between}). Trust the holdout."
        )
    if interval[1] < 0:
        return (
            f"{scores}: the holdout is better by {shown_number(-difference)}, more than chance explains "
            f"({between}). Its rows may be easier than those of development."
        )
    return f"{scores}: the gap of {shown_number(difference)} is within what chance explains ({between})."


def shown_number(value: float) -> str:
    """Four digits; a minus sign only where a digit differs from zero."""
    return f"{value:.4g}" if abs(value) >= 1e-4 else "0"
