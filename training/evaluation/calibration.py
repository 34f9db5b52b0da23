"""Measures how well probabilities are calibrated, and fits a temperature that calibrates them."""

import logging
from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

_log = logging.getLogger(__name__)

_MIN_TEMPERATURE, _MAX_TEMPERATURE = 0.1, 100.0
"""Few samples can lead to values outside this range, but no trained model needs them."""

_MIN_LOGIT = -1e4
"""Replaces -infinity, the logit of a masked class, whose gradient is NaN."""


class ReliabilityBin(NamedTuple):
    """Samples with a similar confidence in the predicted class."""

    mean_confidence: float
    accuracy: float
    num_samples: int


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A temperature, and the calibration of one split before and after dividing logits by it.

    Without a temperature, there is nothing after it.
    """

    temperature: float | None
    ece_before: float
    ece_after: float | None
    bins_before: list[ReliabilityBin]
    bins_after: list[ReliabilityBin]


def fit_temperature(logits: Tensor, targets: Tensor) -> float:
    """The temperature T that minimises the cross entropy of softmax(logits / T) (Guo et al., ICML 2017).

    Fit it on val ([N, C] and [N]), never on the samples that it is reported on. It is 1.0, with a
    warning, if no other value is better on these samples.
    """
    temperature = find_temperature(logits, targets)
    if temperature is None or temperature == 1:
        _log.warning(
            "Expected validation samples, some of them misclassified, to fit a temperature on, but on "
            "these %d no value is better than 1.0; probabilities stay unscaled. Validate on more samples.",
            len(targets),
        )
    return temperature or 1.0


def find_temperature(logits: Tensor, targets: Tensor) -> float | None:
    """The temperature as `fit_temperature` finds it; None if the samples have no error.

    Without an error, the cross entropy falls without end as T goes to 0, so there is no minimum.
    """
    below_top = logits.double() - logits.double().amax(dim=1, keepdim=True)
    if not bool((below_top.gather(1, targets[:, None]) < 0).any()):
        return None
    finite = below_top.clamp(min=_MIN_LOGIT)
    temperature = _minimise_cross_entropy(finite, targets)
    is_better = cross_entropy(finite / temperature, targets) < cross_entropy(finite, targets)
    return temperature if bool(is_better) else 1.0


def measure_calibration(
    logits: Tensor, targets: Tensor, *, temperature: float | None, num_bins: int = 15
) -> Calibration:
    """The calibration of a split, with and without a temperature that was fitted on another split."""
    before = logits.double().softmax(1)
    after = None if temperature is None else (logits.double() / temperature).softmax(1)
    return Calibration(
        temperature=temperature,
        ece_before=expected_calibration_error(before, targets, num_bins),
        ece_after=(None if after is None else expected_calibration_error(after, targets, num_bins)),
        bins_before=reliability_bins(before, targets, num_bins),
        bins_after=[] if after is None else reliability_bins(after, targets, num_bins),
    )


def expected_calibration_error(probabilities: Tensor, targets: Tensor, num_bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over the samples, in bins of equal width."""
    bins = reliability_bins(probabilities, targets, num_bins)
    gaps = sum(item.num_samples * abs(item.accuracy - item.mean_confidence) for item in bins)
    return gaps / len(targets)


def reliability_bins(
    probabilities: Tensor, targets: Tensor, num_bins: int = 15
) -> list[ReliabilityBin]:
    """The bins that contain samples, by rising confidence; a bin includes its upper edge."""
    confidence, predicted = probabilities.double().max(dim=1)
    bin_of_sample = bin_of_confidence(confidence, num_bins)
    is_right = (predicted == targets).double()
    return [
        ReliabilityBin(
            confidence[inside].mean().item(), is_right[inside].mean().item(), num_samples
        )
        for inside in (bin_of_sample == index for index in range(num_bins))
        if (num_samples := int(inside.sum()))
    ]


def bin_of_confidence(confidence: Tensor, num_bins: int) -> Tensor:
    """The bin of each confidence, of `num_bins` of equal width."""
    edges = torch.linspace(0, 1, num_bins + 1, dtype=torch.float64)
    return torch.bucketize(confidence, edges[1:-1])


def _minimise_cross_entropy(logits: Tensor, targets: Tensor) -> float:
    """LBFGS on the logarithm of the temperature, which keeps it positive, from T = 1."""
    low, high = log(_MIN_TEMPERATURE), log(_MAX_TEMPERATURE)
    log_temperature = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(logits / log_temperature.clamp(low, high).exp(), targets)
        loss.backward()
        return loss

    optimizer.step(closure)
    return exp(min(max(log_temperature.item(), low), high))
