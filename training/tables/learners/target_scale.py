"""Scales the numbers that a regression learns."""

from training.tables.labels import Floats
from training.tables.learners.learner import LearningTask


def target_scale(task: LearningTask, targets: Floats) -> tuple[float, float]:
    """The mean and the deviation of numbers; 0 and 1 for classes, which are not scaled."""
    if task.has_classes:
        return 0.0, 1.0
    return float(targets.mean()), float(targets.std()) or 1.0


def scaled(targets: Floats, scale: tuple[float, float]) -> Floats:
    mean, deviation = scale
    return (targets - mean) / deviation
