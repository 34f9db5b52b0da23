"""Calibrates the probabilities of a model on its out-of-fold predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from pydantic import BaseModel, ConfigDict

from training.tables.errors import TableError
from training.tables.evaluation.class_metrics import ClassPredictions
from training.tables.evaluation.isotonic_scaling import IsotonicMap, fit_maps, mapped
from training.tables.evaluation.predictions import check_probabilities
from training.tables.evaluation.reliability import calibration_error
from training.tables.evaluation.temperature_scaling import fit_temperature, scaled
from training.tables.labels import Floats, Integers

NUM_FOLDS = 5
MIN_ROWS = 50
MIN_GROUPS = 10
MIN_ISOTONIC_ROWS = 500
MIN_ISOTONIC_CLASS_ROWS = 50
MAX_ISOTONIC_CLASSES = 50
MAX_CELLS = 3_000_000
"""Rows times classes that are fitted; of more, those of a sample of groups are."""


class CalibrationKind(StrEnum):
    IDENTITY = "identity"
    TEMPERATURE = "temperature"
    ISOTONIC = "isotonic"


class Calibration(BaseModel):
    """A map of probabilities. `model_dump_json` writes it, `model_validate_json` reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: CalibrationKind
    reason: str
    """Why this kind, in a sentence."""
    temperature: float | None = None
    maps: tuple[IsotonicMap, ...] = ()
    num_rows: int = 0
    """Rows that it was fitted on."""
    log_losses: dict[CalibrationKind, float] = {}
    """Cross-validated, of each kind that was tried."""
    error_before: float | None = None
    """Expected calibration error out of fold, as the model predicts."""
    error_after: float | None = None
    """The same after calibration, cross-validated."""

    def apply(self, predictions: Floats) -> Floats:
        """The calibrated probabilities, (num_rows, num_classes); numbers stay as they are."""
        if self.kind is CalibrationKind.TEMPERATURE and self.temperature is not None:
            return scaled(predictions, self.temperature)
        if self.kind is CalibrationKind.ISOTONIC:
            return mapped(predictions, self.maps)
        return predictions


def fit_calibration(
    oof: Floats, codes: Integers, groups: Integers, *, seed: int = 0
) -> Calibration:
    """The calibration of the kind that has the lowest log loss in grouped cross-validation.

    `oof` has predictions of rows by models that did not train on them, (num_rows, num_classes);
    rows with NaN, which no fold validated, do not count, and neither do those with a code below
    0. `codes` and `groups` have the shape (num_rows,). A kind of more parameters is only chosen
    if it is better by more than a standard error over the folds. Numbers, (num_rows, 1), are not
    calibrated.

    Raises TableError if shapes differ or the predictions are no probabilities.
    """
    if oof.ndim == 2 and oof.shape[1] == 1:
        return _identity("Numbers are not calibrated.")
    if not len(oof) == len(codes) == len(groups) or oof.ndim != 2:
        raise TableError(
            f"Expected predictions by class, a code and a group for each row, but got the shapes "
            f"{oof.shape}, {codes.shape} and {groups.shape}. Pass those of the same rows."
        )
    rows = np.flatnonzero(np.isfinite(oof).all(axis=1) & (codes >= 0))
    _, group_of_row = np.unique(groups[rows], return_inverse=True)
    generator = np.random.default_rng(seed)
    part = _sample(group_of_row, MAX_CELLS // oof.shape[1], generator)
    rows, group_of_row = rows[part], group_of_row[part]
    if len(rows):
        check_probabilities(oof[rows], len(rows), oof.shape[1])
    return _Fit(ClassPredictions(codes[rows], oof[rows]), group_of_row, generator).best()


def _identity(reason: str) -> Calibration:
    return Calibration(kind=CalibrationKind.IDENTITY, reason=reason)


def _sample(group_of_row: Integers, max_rows: int, generator: np.random.Generator) -> Integers:
    """Positions of all rows, or of about `max_rows` in whole groups."""
    if len(group_of_row) <= max_rows:
        return np.arange(len(group_of_row))
    priority = generator.random(int(group_of_row.max()) + 1)
    return np.flatnonzero(priority[group_of_row] < max_rows / len(group_of_row))


@dataclass(frozen=True)
class _Tried:
    """One kind of calibration, judged on folds that it was not fitted on."""

    kind: CalibrationKind
    fold_losses: Floats
    error: float

    @property
    def loss(self) -> float:
        return float(self.fold_losses.mean())

    def is_clearly_better_than(self, simpler: "_Tried") -> bool:
        gain = simpler.fold_losses - self.fold_losses
        return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


class _Fit:
    """One choice among the kinds of calibration."""

    def __init__(
        self, predictions: ClassPredictions, group_of_row: Integers, generator: np.random.Generator
    ) -> None:
        self._predictions = predictions
        sampled, place = np.unique(group_of_row, return_inverse=True)
        self._num_groups = len(sampled)
        fold_of_group = generator.permutation(self._num_groups) % NUM_FOLDS
        self._fold_of_row: Integers = fold_of_group[place]

    def best(self) -> Calibration:
        if (reason := self._reason_against()) is not None:
            return _identity(reason)
        tried = [self._try(kind) for kind in self._kinds()]
        chosen = tried[0]
        for other in tried[1:]:
            if other.is_clearly_better_than(chosen):
                chosen = other
        return self._fitted(chosen.kind, self._predictions).model_copy(
            update={
                "reason": _reason(chosen, tried),
                "num_rows": len(self._predictions.codes),
                "log_losses": {item.kind: item.loss for item in tried},
                "error_before": tried[0].error,
                "error_after": chosen.error,
            }
        )

    def _reason_against(self) -> str | None:
        num_rows = len(self._predictions.codes)
        if num_rows < MIN_ROWS or self._num_groups < MIN_GROUPS:
            return (
                f"A calibration takes at least {MIN_ROWS} validated rows in {MIN_GROUPS} groups; "
                f"there are {num_rows} in {self._num_groups}."
            )
        if self._predictions.is_right.all():
            return (
                "No validated row is predicted wrong, so confidence cannot be compared with errors."
            )
        return None

    def _kinds(self) -> Sequence[CalibrationKind]:
        support = self._predictions.support
        is_enough = (
            len(self._predictions.codes) >= MIN_ISOTONIC_ROWS
            and len(support) <= MAX_ISOTONIC_CLASSES
            and support[support > 0].min() >= MIN_ISOTONIC_CLASS_ROWS
        )
        kinds = [CalibrationKind.IDENTITY, CalibrationKind.TEMPERATURE]
        return [*kinds, CalibrationKind.ISOTONIC] if is_enough else kinds

    def _try(self, kind: CalibrationKind) -> _Tried:
        probabilities = np.empty_like(self._predictions.probabilities)
        for fold in range(NUM_FOLDS):
            held_out = np.flatnonzero(self._fold_of_row == fold)
            fitted = self._fitted(
                kind, self._predictions.of_rows(np.flatnonzero(self._fold_of_row != fold))
            )
            probabilities[held_out] = fitted.apply(self._predictions.probabilities[held_out])
        found = ClassPredictions(self._predictions.codes, probabilities)
        losses = np.bincount(self._fold_of_row, found.log_losses) / np.bincount(self._fold_of_row)
        return _Tried(kind, losses, calibration_error(found.confidence, found.is_right))

    def _fitted(self, kind: CalibrationKind, predictions: ClassPredictions) -> Calibration:
        probabilities, codes = predictions.probabilities, predictions.codes
        return Calibration(
            kind=kind,
            reason="",
            temperature=(
                fit_temperature(probabilities, codes)
                if kind is CalibrationKind.TEMPERATURE
                else None
            ),
            maps=fit_maps(probabilities, codes) if kind is CalibrationKind.ISOTONIC else (),
        )


def _reason(chosen: _Tried, tried: Sequence[_Tried]) -> str:
    losses = ", ".join(f"{item.kind} {item.loss:.4g}" for item in tried)
    if chosen.kind is CalibrationKind.IDENTITY:
        return f"No calibration lowers the log loss clearly (cross-validated: {losses})."
    return f"The log loss is clearly lower with it (cross-validated: {losses})."
