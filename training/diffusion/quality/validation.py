"""Measures the loss on a fixed validation set by timestep, with the adapter and without it.

A training loss of a diffusion model shows little: its noise and its timesteps are drawn anew each
step. Here they are the same at every evaluation, and the base model, which is the same network with
the adapter off, is the line to beat.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tracking_plugin.names import NUM_TIMESTEP_QUANTILES, Metric, quantile_loss_metric
from training.diffusion.quality.jackknife import jackknife_interval
from training.diffusion.quality.samples import Array, IntArray
from training.diffusion.quality.schema import Result
from training.errors import TrainingError

QUANTILES = tuple(number / 10 for number in range(1, NUM_TIMESTEP_QUANTILES + 1))
"""Shares of the timesteps that are less noisy."""
MIN_UNITS = 3
"""Independent samples or patients that an interval needs."""


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
