"""Ranks rows by the probability of each class, all rows or a sample of their groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.tables.evaluation.class_metrics import ClassPredictions, auroc_metrics
from training.tables.evaluation.class_ranking import ClassRanking
from training.tables.evaluation.resampling import Resampling
from training.tables.evaluation.schema import Estimate
from training.tables.labels import Integers


@dataclass(frozen=True, kw_only=True, eq=False)
class RankedClasses:
    """The rankings by the probability of each class, in the order of codes."""

    predictions: ClassPredictions
    resampling: Resampling
    rankings: Sequence[ClassRanking]
    auroc_macro: Estimate
    aurocs: Sequence[Estimate]
    average_precisions: Sequence[float | None]

    @property
    def average_precision_macro(self) -> Estimate:
        defined = [value for value in self.average_precisions if value is not None]
        return Estimate(value=float(np.mean(defined)) if defined else None)


def rank_classes(predictions: ClassPredictions, resampling: Resampling) -> RankedClasses:
    """The rankings of all rows; one sort for each class."""
    rankings = [
        ClassRanking.of(predictions.probabilities[:, code], predictions.codes == code)
        for code in range(predictions.num_classes)
    ]
    macro, each = auroc_metrics(predictions, rankings, resampling)
    return RankedClasses(
        predictions=predictions,
        resampling=resampling,
        rankings=rankings,
        auroc_macro=macro,
        aurocs=each,
        average_precisions=[ranking.average_precision for ranking in rankings],
    )


def sampled_rows(resampling: Resampling, max_rows: int, seed: int) -> Integers:
    """Rows of whole groups, drawn at random, about `max_rows` of them; ascending."""
    share = max_rows / resampling.num_rows
    priority = np.random.default_rng(seed).random(resampling.num_groups)
    return np.flatnonzero(priority[resampling.group_of_row] < share)
