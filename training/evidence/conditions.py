"""Chooses the decision threshold of each critical condition on val, or says why none can be shown."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracking_plugin.wilson_interval import positives_needed, wilson_interval
from training.evidence.folds import IntArray
from training.evidence.schema import ConditionThreshold
from training.taxonomies.taxonomy import CriticalCondition

Array = NDArray[np.float64]


def fit_threshold(
    condition: CriticalCondition, probabilities: Array, targets: IntArray
) -> ConditionThreshold:
    """The highest threshold whose sensitivity is shown to reach that of the taxonomy.

    A sensitivity is shown if the lower end of its 95 % Wilson interval reaches the requirement, as
    in the report of an evaluation. How many of n positives may be missed for that follows from n and
    the requirement alone, and the threshold is the score of the first positive that may not be
    missed. Since the scores do not decide how many are missed, the interval also holds for new
    images (a tolerance limit by order statistics; Wilks 1941). If even n of n found would not reach
    the requirement, it "cannot be shown": 0.99 takes 381 positives.

    The score of a sample is the sum of the calibrated probabilities [N, C] of the condition's
    classes; a sample is positive if its target [N] is one of them.
    """
    classes = list(condition.class_indices)
    scores = probabilities[:, classes].sum(axis=1)
    is_positive = np.isin(targets, classes)
    positives, negatives = np.sort(scores[is_positive]), scores[~is_positive]
    required, support = condition.min_sensitivity, len(positives)
    allowed = most_misses(support, required)
    if allowed is None:
        return ConditionThreshold(
            name=condition.name,
            classes=tuple(classes),
            required_sensitivity=required,
            support=support,
            note=_reason(support, required),
        )
    threshold = float(positives[allowed])
    found = int((positives >= threshold).sum())
    rejected = int((negatives < threshold).sum())
    return ConditionThreshold(
        name=condition.name,
        classes=tuple(classes),
        required_sensitivity=required,
        threshold=threshold,
        sensitivity=found / support,
        specificity=rejected / len(negatives) if len(negatives) else None,
        support=support,
        confidence_interval=wilson_interval(found, support),
        specificity_interval=(
            wilson_interval(rejected, len(negatives)) if len(negatives) else None
        ),
    )


def fit_thresholds(
    conditions: Sequence[CriticalCondition], probabilities: Array, targets: IntArray
) -> tuple[ConditionThreshold, ...]:
    """One entry for each condition, in order."""
    return tuple(fit_threshold(condition, probabilities, targets) for condition in conditions)


def most_misses(support: int, required: float) -> int | None:
    """How many of `support` positives may be missed; None if not even none suffices."""
    shown = [
        misses
        for misses in range(support)
        if wilson_interval(support - misses, support)[0] >= required
    ]
    return max(shown, default=None)


def _reason(support: int, required: float) -> str:
    counted = f"{support} positive{'' if support == 1 else 's'}"
    needed = positives_needed(required)
    if needed is None:
        return f"cannot be shown: {counted}, and no number of them shows a sensitivity of 1"
    return (
        f"cannot be shown: {counted}, and {required:g} takes at least {needed} that are all found"
    )
