"""Labels and predictions whose quality is known."""

import numpy as np

from training.tables.labels import Floats, Integers, Labels
from training.tables.targets.problem_type import ProblemType


def class_labels(codes: Integers, classes: tuple[str, ...]) -> Labels:
    kind = ProblemType.BINARY if len(classes) == 2 else ProblemType.MULTICLASS
    return Labels(
        problem_type=kind, classes=classes, strata=codes, numbers=codes.astype(np.float64)
    )


def number_labels(numbers: Floats) -> Labels:
    return Labels(
        problem_type=ProblemType.REGRESSION,
        classes=(),
        strata=np.zeros(len(numbers), np.int64),
        numbers=numbers,
    )


def calibrated(
    seed: int, num_rows: int, num_classes: int, sharpness: float = 2.0
) -> tuple[Integers, Floats]:
    """Codes and the probabilities that they were drawn with."""
    generator = np.random.default_rng(seed)
    logits = sharpness * generator.normal(size=(num_rows, num_classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    passed = generator.random((num_rows, 1)) > probabilities.cumsum(axis=1)
    return np.minimum(passed.sum(axis=1), num_classes - 1), probabilities


def sharpened(probabilities: Floats, power: float) -> Floats:
    powers: Floats = probabilities**power
    powers /= powers.sum(axis=1, keepdims=True)
    return powers
