"""Says how sure the calibration error of a split is, and the change of it that a temperature makes.

The error in bins of equal width is too high on few samples: the accuracy of a small bin differs from its
confidence by chance, and the absolute value never cancels (Roelofs et al. 2022).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from tracking_plugin.wilson_interval import Interval
from training.evaluation.calibration import bin_of_confidence
from training.evaluation.intervals import percentile_intervals

NUM_BINS = 15
NUM_DRAWS = 1000


@dataclass(frozen=True, kw_only=True)
class CalibrationErrors:
    """The errors without and with a temperature; the intervals are of 95 %."""

    before: Interval
    after: Interval
    change: Interval
    """Of the error with the temperature minus that without it, on the same samples."""
    debiased_before: float
    debiased_after: float
    by_chance: Interval
    """Between these lies the error of a model with these confidences that is calibrated perfectly."""


def calibration_errors(
    before: Tensor,
    after: Tensor,
    targets: Tensor,
    *,
    num_resamples: int = 1000,
    seed: int = 0,
    groups: Tensor | None = None,
) -> CalibrationErrors | None:
    """The errors of probabilities [N, C] on the same samples; None for a single sample or group.

    The bootstrap draws samples, or whole `groups` of them.
    """
    gaps = {"before": _gaps(before, targets), "after": _gaps(after, targets)}

    def measure(weights: Tensor) -> dict[str, Tensor]:
        errors = {
            name: (weights @ gap).abs().sum(dim=1) / weights.sum(dim=1)
            for name, gap in gaps.items()
        }
        return errors | {"change": errors["after"] - errors["before"]}

    found = percentile_intervals(
        measure, len(targets), num_resamples=num_resamples, seed=seed, groups=groups
    )
    if not found:
        return None
    return CalibrationErrors(
        **found,
        debiased_before=debiased_error(before, targets),
        debiased_after=debiased_error(after, targets),
        by_chance=error_by_chance(after, seed=seed),
    )


def debiased_error(probabilities: Tensor, targets: Tensor, num_bins: int = NUM_BINS) -> float:
    """Root mean square gap between confidence and accuracy in bins of equally many samples.

    The square that chance adds to each bin is taken off (Kumar et al. 2019), so that the error of a
    calibrated model is near 0 however few the samples are.
    """
    confidence, predicted = probabilities.double().max(dim=1)
    is_right = (predicted == targets).double()
    order = confidence.argsort(stable=True)
    squares = torch.zeros((), dtype=torch.float64)
    for inside in order.tensor_split(min(num_bins, max(1, len(order) // 2))):
        accuracy = is_right[inside].mean()
        by_chance = accuracy * (1 - accuracy) / max(1, len(inside) - 1)
        gap = confidence[inside].mean() - accuracy
        squares += len(inside) * (gap.square() - by_chance)
    return float((squares / len(order)).clamp(min=0).sqrt())


def error_by_chance(probabilities: Tensor, *, seed: int, num_draws: int = NUM_DRAWS) -> Interval:
    """95 % interval of the error if each prediction were right with the probability that it states."""
    confidence = probabilities.double().amax(dim=1)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand((num_draws, len(confidence)), generator=generator, dtype=torch.float64)
    gaps = (drawn < confidence).double() - confidence
    errors = (gaps @ _membership(confidence)).abs().sum(dim=1) / len(confidence)
    low, high = errors.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return low, high


def _gaps(probabilities: Tensor, targets: Tensor) -> Tensor:
    """What each sample adds to the gap of its bin, [N, bins]."""
    confidence, predicted = probabilities.double().max(dim=1)
    gap = (predicted == targets).double() - confidence
    return gap[:, None] * _membership(confidence)


def _membership(confidence: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(bin_of_confidence(confidence, NUM_BINS), NUM_BINS).double()
