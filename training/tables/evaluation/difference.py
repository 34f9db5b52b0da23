"""Compares two models on the same rows, with paired intervals over their groups."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from training.tables.evaluation.class_metrics import (
    DECISION_METRICS,
    ClassPredictions,
    DecisionCounts,
    auroc_sums,
    measure_auroc,
    measure_decisions,
    measure_probabilities,
    probability_sums,
)
from training.tables.evaluation.class_ranking import ClassRanking
from training.tables.evaluation.number_metrics import (
    NUMBER_METRICS,
    measure_numbers,
    number_sums,
)
from training.tables.evaluation.predictions import (
    check_labels,
    check_predictions,
    check_probabilities,
)
from training.tables.evaluation.resampling import Resampling
from training.tables.evaluation.schema import Estimate
from training.tables.evaluation.settings import DEFAULT_SETTINGS, EvaluationSettings
from training.tables.labels import Floats, Integers, Labels

_PROBABILITY_METRICS = ("log_loss", "brier")
"""The calibration error is left out: noise adds to it, and to each model as much as it differs."""

_Side = tuple[Floats, Callable[[Floats], Floats]]


def compare_predictions(
    labels: Labels,
    before: Floats,
    after: Floats,
    groups: Integers,
    *,
    settings: EvaluationSettings = DEFAULT_SETTINGS,
) -> dict[str, Estimate]:
    """The metrics of `after` minus those of `before`, by their names in `HoldoutReport.metrics`.

    All are of the same rows: predictions (num_rows, num_outputs), `groups` (num_rows,). Resamples
    draw whole groups, the same ones for both. Metrics without an interval in the report, and the
    area under the ROC curve of more rows than `settings.max_ranked_cells` allows, are left out.
    Raises TableError as `evaluate_holdout` does.
    """
    check_labels(labels, len(groups))
    if not labels.has_classes:
        for predictions in (before, after):
            check_predictions(predictions, len(groups), 1)
        resampling = _resampling(groups, 2 * 6, settings)
        sides = [
            (number_sums(it[:, 0], labels.numbers, resampling), measure_numbers)
            for it in (before, after)
        ]
        return _named(NUMBER_METRICS, sides, resampling)
    for predictions in (before, after):
        check_probabilities(predictions, len(groups), len(labels.classes))
    resampling = _resampling(groups, 2 * 4 * len(labels.classes), settings)
    pair = [ClassPredictions(labels.strata, it) for it in (before, after)]
    found = {
        **_named(DECISION_METRICS, _decisions(pair, resampling), resampling),
        **_named(_PROBABILITY_METRICS, _probabilities(pair, resampling), resampling),
    }
    is_ranked = len(groups) * len(labels.classes) <= settings.max_ranked_cells
    if is_ranked and len(np.unique(labels.strata)) > 1:
        found |= _named(("auroc_macro",), _areas(pair, resampling), resampling)
    return found


def _resampling(groups: Integers, num_sums: int, settings: EvaluationSettings) -> Resampling:
    return Resampling(
        groups, num_sums=num_sums, num_resamples=settings.num_resamples, seed=settings.seed
    )


def _named(
    names: Sequence[str], sides: Sequence[_Side], resampling: Resampling
) -> dict[str, Estimate]:
    """The first metrics, by these names."""
    (sums_before, measure_before), (sums_after, measure_after) = sides
    found = resampling.differences(sums_before, sums_after, measure_before, measure_after)
    return dict(zip(names, found, strict=False))


def _decisions(pair: Sequence[ClassPredictions], resampling: Resampling) -> list[_Side]:
    return [(DecisionCounts.of(it, resampling).stacked, measure_decisions) for it in pair]


def _probabilities(pair: Sequence[ClassPredictions], resampling: Resampling) -> list[_Side]:
    return [(probability_sums(it, resampling), measure_probabilities) for it in pair]


def _areas(pair: Sequence[ClassPredictions], resampling: Resampling) -> list[_Side]:
    sides: list[_Side] = []
    for predictions in pair:
        rankings = [
            ClassRanking.of(predictions.probabilities[:, code], predictions.codes == code)
            for code in range(predictions.num_classes)
        ]
        sums, areas = auroc_sums(predictions, rankings, resampling)
        sides.append((sums, partial(measure_auroc, areas=areas)))
    return sides
