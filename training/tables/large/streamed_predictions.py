"""Predicts encoded rows in batches, as many as can be measured together."""

from dataclasses import dataclass

import numpy as np

from training.tables.labels import Floats, Integers, Labels
from training.tables.large.feature_file import FeatureFile
from training.tables.large.memory_plan import MemoryPlan
from training.tables.learners.learner import FittedModel, LearningTask
from training.tables.target import TargetChoice


@dataclass(frozen=True, kw_only=True, eq=False)
class StreamedPredictions:
    """Predictions with their labels and groups, of a part or of a sample of whole groups of it."""

    labels: Labels
    predictions: Floats
    """(num_rows, num_classes), or (num_rows, 1) for numbers."""
    groups: Integers
    num_rows_of_part: int


def predict_part(
    model: FittedModel, file: FeatureFile, target: TargetChoice, plan: MemoryPlan
) -> StreamedPredictions:
    """The predictions of a part."""
    task = model.task
    share = min(1.0, plan.predicted_rows(task) / max(file.num_rows, 1))
    found = [
        (model.predict(rows.values.astype(np.float64)), rows.targets, rows.keys.view(np.int64))
        for rows in file.batches(plan.batch_rows(task.num_features), share)
    ]
    predictions, targets, keys = _joined(task, found)
    return StreamedPredictions(
        labels=_labels(target, targets),
        predictions=predictions,
        groups=keys,
        num_rows_of_part=file.num_rows,
    )


def _joined(
    task: LearningTask, found: list[tuple[Floats, Floats, Integers]]
) -> tuple[Floats, Floats, Integers]:
    if not found:
        empty = np.empty((0, max(1, task.num_classes)))
        return empty, np.empty(0), np.empty(0, np.int64)
    predictions, targets, keys = zip(*found, strict=True)
    return np.concatenate(predictions), np.concatenate(targets), np.concatenate(keys)


def _labels(target: TargetChoice, targets: Floats) -> Labels:
    classes = tuple(target.classes)
    return Labels(
        problem_type=target.problem_type,
        classes=classes,
        strata=targets.astype(np.int64) if classes else np.zeros(len(targets), np.int64),
        numbers=targets,
    )
