"""Measures the loss on a fixed validation set by timestep, with the adapter and without it.

A training loss of a diffusion model shows little: its noise and its timesteps are drawn anew each
step. Here they are the same at every evaluation, and the base model, which is the same network with
the adapter off, is the line to beat.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking_plugin.names import NUM_TIMESTEP_QUANTILES, Metric, quantile_loss_metric
from training.diffusion.quality.jackknife import jackknife_interval
from training.diffusion.quality.samples import Array, IntArray
from training.diffusion.quality.schema import Result
from training.errors import DataError, TrainingError

QUANTILES = tuple(number / 10 for number in range(1, NUM_TIMESTEP_QUANTILES + 1))
"""Shares of the timesteps that are less noisy."""
MIN_UNITS = 3
"""Independent samples or patients that an interval needs."""
_PURPOSE = 0x56414C
"""Keeps these draws apart from all others of the same seed."""

Loss = Callable[[Sequence[int], float, bool], NDArray[Any]]
"""The loss of each of some samples [B]: their indices, the quantile of the timestep, adapter on."""


class PairedLoss(Result):
    """The mean loss with the adapter and without it, on the same samples and noise."""

    loss: float
    base_loss: float
    difference: float
    """Below 0 if the adapter is better."""
    interval: tuple[float, float] | None = None
    """95 % of the difference; None with fewer than 3 independent samples."""

    @property
    def is_better(self) -> bool | None:
        """Whether the adapter beats the base model; None where neither is shown to be better."""
        if self.interval is None or self.interval[0] <= 0 <= self.interval[1]:
            return None
        return self.interval[1] < 0


class QuantileLoss(PairedLoss):
    """At one quantile of the timesteps."""

    quantile: float


class ValidationTable(Result):
    """The result of one evaluation."""

    num_samples: int
    num_patients: int
    """The independent units of the intervals: samples, where no patients are known."""
    overall: PairedLoss
    quantiles: tuple[QuantileLoss, ...]

    def metrics(self) -> dict[str, float]:
        """The figures by their MLflow names."""
        named: dict[str, float] = {
            Metric.VAL_LOSS: self.overall.loss,
            Metric.VAL_BASE_LOSS: self.overall.base_loss,
            Metric.VAL_LOSS_DIFFERENCE: self.overall.difference,
        }
        for number, row in enumerate(self.quantiles, start=1):
            named[quantile_loss_metric(number)] = row.loss
            named[quantile_loss_metric(number, base=True)] = row.base_loss
        return named


class Validation:
    """Evaluates again and again on the same samples; the base model is evaluated once."""

    def __init__(
        self,
        loss: Loss,
        num_samples: int,
        *,
        batch_size: int,
        patients: NDArray[Any] | None = None,
    ) -> None:
        """`patients` [N] are those of the samples. Raises DataError without samples."""
        if num_samples < 1:
            raise DataError(
                "Expected validation samples, but there are none: keep some images out of the training."
            )
        if patients is not None and len(patients) != num_samples:
            raise DataError(
                f"Expected the patient of each of {num_samples} validation samples, but "
                f"{len(patients)} came: pass them in the order of the samples."
            )
        self._loss = loss
        self._num_samples = num_samples
        self._batch_size = batch_size
        labels = np.arange(num_samples) if patients is None else patients
        self._patients: IntArray = np.unique(labels, return_inverse=True)[1].astype(np.int64)
        self._base: Array | None = None

    def evaluate(self, *, base_changes: bool = False) -> ValidationTable:
        """The table now. With `base_changes`, as in a full fine-tuning, the base is evaluated again.

        Raises TrainingError if a loss is no finite number.
        """
        if self._base is None or base_changes:
            self._base = self._losses(use_adapter=False)
        return validation_table(self._losses(use_adapter=True), self._base, self._patients)

    def _losses(self, *, use_adapter: bool) -> Array:
        losses = np.empty((len(QUANTILES), self._num_samples))
        for row, quantile in enumerate(QUANTILES):
            for start in range(0, self._num_samples, self._batch_size):
                indices = range(start, min(start + self._batch_size, self._num_samples))
                losses[row, indices] = np.asarray(self._loss(indices, quantile, use_adapter))
        return losses


def validation_table(losses: Array, base_losses: Array, patients: IntArray) -> ValidationTable:
    """The table of the losses [9, N] of the samples of these patients [N].

    The intervals are those of a paired t-test over the means of the patients, whose samples are no
    independent evidence. Raises TrainingError if a loss is no finite number.
    """
    num_broken = int((~np.isfinite([losses, base_losses])).any(axis=(0, 1)).sum())
    if num_broken:
        raise TrainingError(
            f"Expected finite losses, but those of {num_broken} of {losses.shape[1]} validation "
            "samples are NaN or infinite: the training has diverged, or half precision overflows; "
            "lower the learning rate, or use bf16 or fp32."
        )
    rows = zip(QUANTILES, losses, base_losses, strict=True)
    return ValidationTable(
        num_samples=losses.shape[1],
        num_patients=int(patients.max()) + 1,
        overall=PairedLoss(**_paired(losses.mean(axis=0), base_losses.mean(axis=0), patients)),
        quantiles=tuple(
            QuantileLoss(quantile=quantile, **_paired(loss, base, patients))
            for quantile, loss, base in rows
        ),
    )


def validation_noise(
    seed: int, sample: int, quantile: float, shape: Sequence[int]
) -> NDArray[np.float32]:
    """Standard normal noise that belongs to a sample and a quantile, whatever else was drawn.

    `sample` is the position in the validation set, so that neither the batch nor the rank matters.
    """
    key = np.random.SeedSequence([_PURPOSE, seed, sample, round(quantile * 1000)])
    generator = np.random.Generator(np.random.Philox(key))
    return generator.standard_normal(tuple(shape), dtype=np.float32)


def timestep_at(quantile: float, num_timesteps: int) -> int:
    """The timestep, from 0, of the quantile."""
    return min(num_timesteps - 1, int(quantile * num_timesteps))


def _paired(losses: Array, base_losses: Array, patients: IntArray) -> Mapping[str, Any]:
    differences = losses - base_losses
    return {
        "loss": float(losses.mean()),
        "base_loss": float(base_losses.mean()),
        "difference": float(differences.mean()),
        "interval": _interval(differences, patients),
    }


def _interval(differences: Array, patients: IntArray) -> tuple[float, float] | None:
    """Of the mean over samples, by the jackknife over patients; with one sample each, Student's t."""
    sizes, sums = np.bincount(patients), np.bincount(patients, differences)
    num_units, mean = len(sizes), float(differences.mean())
    if num_units < MIN_UNITS:
        return None
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    return jackknife_interval(mean, [without])
