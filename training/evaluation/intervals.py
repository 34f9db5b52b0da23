"""Confidence intervals by the percentile bootstrap, for metrics without a closed formula."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypedDict

import torch
from torch import Tensor

from tracking_plugin.wilson_interval import Interval
from training.errors import DataError
from training.evaluation.scoring import Predictions, WeightedScores, summary
from training.taxonomies.taxonomy import Taxonomy

_MAX_WEIGHTS = 2_000_000
"""Weights in memory at once, 16 MB, so that a chunk of resamples stays near the CPU's caches."""


class Resampling(TypedDict):
    """How the bootstrap draws, as keywords of the functions that use it."""

    num_resamples: int
    seed: int
    groups: Tensor | None


def class_auroc_key(class_name: str) -> str:
    """The key of a class's AUROC among `bootstrap_intervals`."""
    return f"auc_roc/{class_name}"


def bootstrap_intervals(
    predictions: Predictions,
    taxonomy: Taxonomy,
    *,
    num_resamples: int = 1000,
    seed: int,
    confidence: float = 0.95,
    groups: Tensor | None = None,
) -> dict[str, Interval]:
    """Percentile intervals of the loss, the overall metrics and each class's AUROC.

    Samples are drawn with replacement. With `groups` ([N], such as a number per patient) whole
    groups are drawn, so that samples of one group do not count as independent evidence. A metric
    that is undefined in every resample is left out. With a single sample or group the result is
    empty.
    """
    scores = WeightedScores(predictions)
    return percentile_intervals(
        lambda weights: _score(scores, weights, taxonomy),
        scores.num_samples,
        num_resamples=num_resamples,
        seed=seed,
        confidence=confidence,
        groups=groups,
    )


def percentile_intervals(
    measure: Callable[[Tensor], Mapping[str, Tensor]],
    num_samples: int,
    *,
    num_resamples: int = 1000,
    seed: int,
    confidence: float = 0.95,
    groups: Tensor | None = None,
) -> dict[str, Interval]:
    """Intervals as those of `bootstrap_intervals`, of any metrics.

    `measure` maps weightings of the samples, float64 [B, N], to [B] values of each metric.
    """
    group_of_sample = _group_of_sample(groups, num_samples)
    if int(group_of_sample.max()) == 0:
        return {}
    generator = torch.Generator().manual_seed(seed)
    weightings = _resamples(group_of_sample, num_resamples, generator)
    return _percentiles([measure(weights) for weights in weightings], confidence)


def _score(scores: WeightedScores, weights: Tensor, taxonomy: Taxonomy) -> dict[str, Tensor]:
    auroc = scores.auroc(weights)
    per_class = dict(zip(map(class_auroc_key, taxonomy.classes), auroc.unbind(dim=1), strict=True))
    overall = summary(scores.confusion(weights), auroc)
    return {"loss": scores.loss(weights)} | overall | per_class


def _group_of_sample(groups: Tensor | None, num_samples: int) -> Tensor:
    """The group that each sample is drawn with, numbered from 0 without gaps."""
    if groups is None:
        return torch.arange(num_samples)
    if groups.shape != (num_samples,):
        raise DataError(
            f"Expected one group for each of the {num_samples} samples, but got groups of shape "
            f"{list(groups.shape)}; pass the group of every evaluated sample, in the same order."
        )
    group_of_sample: Tensor = torch.unique(groups, return_inverse=True)[1]
    return group_of_sample


def _resamples(
    group_of_sample: Tensor, num_resamples: int, generator: torch.Generator
) -> Iterator[Tensor]:
    """How often each sample is drawn in each resample, in chunks of shape [resamples, N]."""
    num_groups = int(group_of_sample.max()) + 1
    chunk = max(1, _MAX_WEIGHTS // len(group_of_sample))
    for start in range(0, num_resamples, chunk):
        shape = (min(chunk, num_resamples - start), num_groups)
        draws = torch.randint(num_groups, shape, generator=generator)
        counts = torch.zeros(shape, dtype=torch.float64)
        counts.scatter_add_(1, draws, torch.ones(shape, dtype=torch.float64))
        yield counts[:, group_of_sample]


def _percentiles(chunks: Sequence[Mapping[str, Tensor]], confidence: float) -> dict[str, Interval]:
    tail = (1 - confidence) / 2
    ends = torch.tensor([tail, 1 - tail], dtype=torch.float64)
    intervals = {}
    for name in chunks[0]:
        values = torch.cat([chunk[name] for chunk in chunks])
        defined = values[values.isfinite()]
        if len(defined):
            low, high = defined.quantile(ends).tolist()
            intervals[name] = (low, high)
    return intervals
