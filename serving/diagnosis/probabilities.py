"""Turns logits into calibrated probabilities, prediction sets and verdicts on critical conditions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.engine.protocol import Array, ModelDescription
from serving.errors import Reason, ServingError
from training.evidence.prediction_sets import prediction_sets
from training.evidence.schema import ConditionThreshold, ModelEvidence

Probabilities = np.ndarray[Any, np.dtype[np.float64]]
"""Float64 [classes]; the sum is 1."""


@dataclass(frozen=True, kw_only=True)
class PredictedSet:
    """Positions of classes, the most probable first. `coverage` is 0 if the model has no sets."""

    classes: tuple[int, ...] = ()
    coverage: float = 0.0
    method: str = ""


@dataclass(frozen=True, kw_only=True)
class ConditionResult:
    """Whether an image is positive for a critical condition, with the evidence for it."""

    evidence: ConditionThreshold
    probability: float
    """Sum of the probabilities of the condition's classes."""
    is_positive: bool

    @property
    def is_decided(self) -> bool:
        """Whether a threshold was shown to reach the required sensitivity."""
        return self.evidence.threshold is not None


def calibrated_probabilities(logits: Array, model: ModelDescription) -> Probabilities:
    """Softmax of the logits [classes] divided by the temperature, if the model has one.

    Raises ServingError MODEL_FAILED if there is not one finite logit for each class.
    """
    values = np.asarray(logits, np.float64)
    if values.shape != (len(model.classes),) or not np.isfinite(values).all():
        raise ServingError(
            Reason.MODEL_FAILED,
            f"Expected {len(model.classes)} finite logits of the model, but the shape {values.shape} "
            "came, or a value that is no number. Train and register the model again.",
        )
    scaled = values / (model.evidence.temperature or 1.0)
    exponentials = np.exp(scaled - scaled.max())
    return np.asarray(exponentials / exponentials.sum(), np.float64)


def primary_class(probabilities: Probabilities) -> int:
    """Position of the most probable class; the first of equal ones."""
    return int(probabilities.argmax())


def predicted_set(probabilities: Probabilities, evidence: ModelEvidence) -> PredictedSet:
    """The classes that contain the true one with the stated coverage; never empty if there are sets.

    Where no class is within its quantile, the set is the most probable class alone, since an empty
    set says nothing; a larger set keeps the coverage. Raises ServingError MODEL_FAILED if the
    evidence is that of another number of classes.
    """
    sets = evidence.prediction_sets
    if sets is None:
        return PredictedSet()
    if len(sets.quantiles) != len(probabilities):
        raise ServingError(
            Reason.MODEL_FAILED,
            f"The prediction sets are for {len(sets.quantiles)} classes, but the model has "
            f"{len(probabilities)}. Train and register it again.",
        )
    is_member = prediction_sets(probabilities, sets)
    is_member[primary_class(probabilities)] |= not is_member.any()
    order = np.argsort(-probabilities, kind="stable")
    members = tuple(int(index) for index in order if is_member[index])
    return PredictedSet(classes=members, coverage=sets.coverage, method=sets.method)


def condition_results(
    probabilities: Probabilities, evidence: ModelEvidence
) -> tuple[ConditionResult, ...]:
    """A result for each critical condition.

    It is positive if its probability is not below the threshold. Without a threshold, it is positive
    if the most probable class is one of its classes. Raises ServingError MODEL_FAILED if the evidence
    names a class that the model does not have.
    """
    return tuple(_condition_result(probabilities, item) for item in evidence.conditions)


def _condition_result(
    probabilities: Probabilities, condition: ConditionThreshold
) -> ConditionResult:
    classes = sorted(set(condition.classes))
    if classes and not 0 <= classes[0] <= classes[-1] < len(probabilities):
        raise ServingError(
            Reason.MODEL_FAILED,
            f"The evidence for a condition names classes up to {classes[-1]}, but the model has "
            f"{len(probabilities)} classes. Train and register it again.",
        )
    # The sum of rounded terms may exceed 1 by a last bit.
    probability = min(1.0, float(probabilities[classes].sum()))
    if condition.threshold is None:
        is_positive = primary_class(probabilities) in classes
    else:
        is_positive = probability >= condition.threshold
    return ConditionResult(evidence=condition, probability=probability, is_positive=is_positive)
