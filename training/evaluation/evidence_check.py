"""Checks the evidence of a registered model, which was fitted on val, on the images of another split."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError
from torch import Tensor

from training.evaluation.calibration import expected_calibration_error
from training.evaluation.calibration_error import CalibrationErrors, calibration_errors
from training.evaluation.detection import Detection, Proportion
from training.evaluation.scoring import Predictions
from training.evidence.prediction_sets import prediction_sets
from training.evidence.schema import ConditionThreshold, ModelEvidence
from training.evidence.temperature import calibrated
from training.taxonomies.taxonomy import Taxonomy

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CheckedCondition:
    """The decisions at a condition's threshold; without a threshold all counts are 0."""

    name: str
    required_sensitivity: float
    threshold: float | None
    found: Detection
    note: str


@dataclass(frozen=True, kw_only=True)
class CheckedEvidence:
    """What the evidence does on the scored images."""

    temperature: float | None
    error_before: float
    error_after: float | None
    errors: CalibrationErrors | None
    """How sure these two are; None without a temperature."""
    required_coverage: float | None
    coverage: Proportion | None
    """Images whose prediction set contains their true class; None without prediction sets."""
    mean_set_size: float | None
    class_coverage: Mapping[str, Proportion]
    conditions: tuple[CheckedCondition, ...]
    missing: tuple[str, ...]


def stored_evidence(document: Any) -> ModelEvidence | None:
    """The evidence that a run has stored; None, with a warning if it is damaged, if there is none."""
    if document is None:
        return None
    try:
        return ModelEvidence.model_validate(document)
    except ValidationError:
        logger.warning("The evidence of the run is damaged, so it is not checked.")
        return None


def check_evidence(
    predictions: Predictions,
    evidence: ModelEvidence,
    taxonomy: Taxonomy,
    *,
    num_resamples: int = 1000,
    seed: int = 0,
    groups: Tensor | None = None,
) -> CheckedEvidence:
    """Apply temperature, prediction sets and thresholds to the predictions of another split.

    The bootstrap of the calibration errors is as that of `bootstrap_intervals`.
    """
    probabilities = calibrated(predictions.logits, evidence.temperature)
    plain = calibrated(predictions.logits, None)
    targets = predictions.targets.numpy()
    sets = evidence.prediction_sets
    contained = None if sets is None else prediction_sets(probabilities.numpy(), sets)
    hits = None if contained is None else contained[np.arange(len(targets)), targets]
    return CheckedEvidence(
        temperature=evidence.temperature,
        error_before=expected_calibration_error(plain, predictions.targets),
        error_after=(
            None
            if evidence.temperature is None
            else expected_calibration_error(probabilities, predictions.targets)
        ),
        errors=(
            None
            if evidence.temperature is None
            else calibration_errors(
                plain,
                probabilities,
                predictions.targets,
                num_resamples=num_resamples,
                seed=seed,
                groups=groups,
            )
        ),
        required_coverage=None if sets is None else sets.coverage,
        coverage=None if hits is None else Proportion(int(hits.sum()), len(hits)),
        mean_set_size=None if contained is None else float(contained.sum(axis=1).mean()),
        class_coverage={}
        if hits is None
        else {
            name: Proportion(int(hits[targets == index].sum()), int((targets == index).sum()))
            for index, name in enumerate(taxonomy.classes)
        },
        conditions=tuple(
            _checked(condition, probabilities.numpy(), targets) for condition in evidence.conditions
        ),
        missing=evidence.missing,
    )


def checked_metrics(checked: CheckedEvidence) -> dict[str, float]:
    """The figures of the check by the last part of their MLflow names, undefined ones left out."""
    share = None if checked.coverage is None else checked.coverage.share
    named = {
        "expected_calibration_error": checked.error_after,
        "prediction_set_coverage": share,
        "prediction_set_size": checked.mean_set_size,
    }
    return {name: value for name, value in named.items() if value is not None}


def _checked(
    condition: ConditionThreshold,
    probabilities: np.ndarray[Any, np.dtype[np.float64]],
    targets: np.ndarray[Any, np.dtype[np.int64]],
) -> CheckedCondition:
    found = Detection(hits=0, misses=0, false_alarms=0, correct_rejections=0)
    if condition.threshold is not None:
        classes = list(condition.classes)
        is_called = probabilities[:, classes].sum(axis=1) >= condition.threshold
        is_positive = np.isin(targets, classes)
        found = Detection(
            hits=int((is_called & is_positive).sum()),
            misses=int((~is_called & is_positive).sum()),
            false_alarms=int((is_called & ~is_positive).sum()),
            correct_rejections=int((~is_called & ~is_positive).sum()),
        )
    return CheckedCondition(
        name=condition.name,
        required_sensitivity=condition.required_sensitivity,
        threshold=condition.threshold,
        found=found,
        note=condition.note,
    )
