"""Decides after each fold whether a trial is hopeless."""

from collections.abc import Sequence

MIN_EXCESS = 0.05
"""Of the best loss: a trial that is closer may still be a good part of an ensemble."""


def is_hopeless(fold_scores: Sequence[float], best_fold_scores: Sequence[float]) -> bool:
    """Whether each of the finished folds is worse than the best candidate's, and all by far.

    Folds differ in difficulty, so a fold is compared with the same fold only.
    """
    best = best_fold_scores[: len(fold_scores)]
    if not fold_scores or len(fold_scores) >= len(best_fold_scores):
        return False
    is_worse = all(own > other for own, other in zip(fold_scores, best, strict=True))
    return is_worse and sum(fold_scores) > (1 + MIN_EXCESS) * sum(best)
