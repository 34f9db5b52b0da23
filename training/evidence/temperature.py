"""Fits the temperature of a model on val, and estimates the calibration that it leaves."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.evaluation.calibration import expected_calibration_error, find_temperature
from training.evidence.folds import stratified_folds

MIN_SAMPLES = 10


@dataclass(frozen=True, kw_only=True)
class FittedTemperature:
    """A temperature with the expected calibration error on the same split.

    `temperature` and `error_after` are None if no temperature could be fitted; `missing` says why.
    """

    temperature: float | None
    error_before: float
    error_after: float | None
    missing: tuple[str, ...] = ()


def fit_calibration(logits: Tensor, targets: Tensor) -> FittedTemperature:
    """Fit on all samples ([N, C] and [N]); the error after it is by cross-fitting.

    The probabilities of each fold are scaled by the temperature of the other folds, so that the
    error is one on samples that the temperature was not fitted on.
    """
    before = expected_calibration_error(logits.double().softmax(1), targets)
    found = None if len(targets) < MIN_SAMPLES else find_temperature(logits, targets)
    if found is None:
        return FittedTemperature(
            temperature=None, error_before=before, error_after=None, missing=(_reason(targets),)
        )
    return FittedTemperature(
        temperature=found, error_before=before, error_after=_cross_fitted_error(logits, targets)
    )


def calibrated(logits: Tensor, temperature: float | None) -> Tensor:
    """Probabilities, float64 [N, C]; without a temperature, the plain softmax."""
    return (logits.double() / (temperature or 1.0)).softmax(1)


def _reason(targets: Tensor) -> str:
    if len(targets) < MIN_SAMPLES:
        return (
            f"No temperature: at least {MIN_SAMPLES} validation samples are needed, and there are "
            f"{len(targets)}."
        )
    return (
        f"No temperature: the model makes no error on the {len(targets)} validation samples, so "
        "its confidence cannot be compared with its errors."
    )


def _cross_fitted_error(logits: Tensor, targets: Tensor) -> float:
    folds = torch.from_numpy(stratified_folds(targets.numpy()))
    probabilities = torch.empty_like(logits, dtype=torch.float64)
    for fold in folds.unique():
        held_out = folds == fold
        temperature = find_temperature(logits[~held_out], targets[~held_out])
        probabilities[held_out] = calibrated(logits[held_out], temperature)
    return expected_calibration_error(probabilities, targets)
