"""Fits the evidence of a classifier on its outputs for val; a part that fails says so and stops no other."""

import logging
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch

from training.evidence.conditions import fit_thresholds
from training.evidence.features import fit_features, fit_limit, reason_against
from training.evidence.outputs import ClassifierOutputs, FittedEvidence, no_evidence
from training.evidence.prediction_sets import fit_prediction_sets, samples_needed
from training.evidence.schema import (
    ConditionThreshold,
    FeatureStatistics,
    ModelEvidence,
    PredictionSets,
)
from training.evidence.temperature import FittedTemperature, calibrated, fit_calibration
from training.taxonomies.taxonomy import Taxonomy

logger = logging.getLogger(__name__)

NUM_NAMED_CLASSES = 5

T = TypeVar("T")


def fit_evidence(outputs: ClassifierOutputs, taxonomy: Taxonomy) -> FittedEvidence:
    """All evidence that the samples can give; `missing` names the rest, with the reasons."""
    num_samples = len(outputs.targets)
    if not bool(torch.isfinite(outputs.logits).all()):
        return no_evidence("No evidence: some outputs for the validation samples are not finite.")
    missing: list[str] = []
    calibration = _attempt(
        "temperature", lambda: fit_calibration(outputs.logits, outputs.targets), missing
    )
    temperature = None if calibration is None else calibration.temperature
    probabilities = calibrated(outputs.logits, temperature).numpy()
    targets = outputs.targets.numpy()
    conditions = _attempt(
        "decision thresholds",
        lambda: fit_thresholds(taxonomy.critical_conditions, probabilities, targets),
        missing,
    )
    sets = _attempt("prediction sets", lambda: fit_prediction_sets(probabilities, targets), missing)
    statistics = _attempt("feature statistics", lambda: _statistics(outputs, missing), missing)
    missing += _missing_calibration(calibration)
    missing += _missing_conditions(conditions)
    missing += _missing_sets(sets, taxonomy)
    return FittedEvidence(
        evidence=ModelEvidence(
            num_samples=num_samples,
            temperature=temperature,
            expected_calibration_error=None if calibration is None else calibration.error_after,
            uncalibrated_error=None if calibration is None else calibration.error_before,
            conditions=conditions or (),
            features=None if statistics is None else statistics[0],
            prediction_sets=sets if sets is not None and _has_quantile(sets) else None,
            missing=tuple(missing),
        ),
        statistics={} if statistics is None else statistics[1],
    )


def _attempt(name: str, fit: Callable[[], T], missing: list[str]) -> T | None:
    """The fitted part; None, with a warning and a sentence in `missing`, if it fails."""
    try:
        return fit()
    except Exception as error:
        logger.warning("The %s of the model could not be fitted.", name, exc_info=True)
        missing.append(f"No {name}: the fit failed ({type(error).__name__}).")
        return None


def _statistics(
    outputs: ClassifierOutputs, missing: list[str]
) -> tuple[FeatureStatistics, dict[str, torch.Tensor]] | None:
    if outputs.features is None:
        missing.append("No feature statistics: the network does not say what its features are.")
        return None
    features, targets = outputs.features.double().numpy(), outputs.targets.numpy()
    if reason := reason_against(features, targets):
        missing.append(reason)
        return None
    fitted, limit = fit_features(features, targets), fit_limit(features, targets)
    described = FeatureStatistics(
        dimension=features.shape[1],
        num_samples=len(features),
        threshold=limit.threshold,
        quantile=limit.quantile,
        shrinkage=fitted.shrinkage,
    )
    tensors = {"means": fitted.means, "precision": fitted.precision}
    return described, {
        name: torch.from_numpy(values.astype(np.float32)) for name, values in tensors.items()
    }


def _missing_calibration(calibration: FittedTemperature | None) -> tuple[str, ...]:
    return () if calibration is None else calibration.missing


def _missing_conditions(conditions: tuple[ConditionThreshold, ...] | None) -> list[str]:
    if conditions == ():
        return ["No decision thresholds: the taxonomy has no critical conditions."]
    return [
        f"The sensitivity of {item.name} {item.note}." for item in conditions or () if item.note
    ]


def _missing_sets(sets: PredictionSets | None, taxonomy: Taxonomy) -> list[str]:
    if sets is None:
        return []
    pairs = zip(taxonomy.classes, sets.quantiles, strict=True)
    rare = [name for name, quantile in pairs if quantile is None]
    if not rare:
        return []
    needed = f"fewer than {samples_needed(sets.coverage)} validation samples"
    if not _has_quantile(sets):
        return [f"No prediction sets: every class has {needed}."]
    more = f" and {len(rare) - NUM_NAMED_CLASSES} more" if len(rare) > NUM_NAMED_CLASSES else ""
    named = ", ".join(rare[:NUM_NAMED_CLASSES]) + more
    return [f"Every prediction set contains {named}, because these classes have {needed}."]


def _has_quantile(sets: PredictionSets) -> bool:
    return any(quantile is not None for quantile in sets.quantiles)
