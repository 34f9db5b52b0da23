"""Confidence intervals by the percentile bootstrap, for what no formula covers."""

from collections.abc import Iterator

import torch
from torch import Tensor

from tracking_plugin.proportion import Interval
from training.errors import DataError
from training.evaluation.scoring import Predictions, WeightedScores, summary
from training.taxonomies.taxonomy import Taxonomy

_MAX_WEIGHTS = 2_000_000
"""Weights held at once, 16 MB: a chunk of resamples stays near the processor's caches."""


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

    Images are drawn with replacement; with `groups` ([N], one number per patient) whole groups
    are, which keeps images of one patient from counting as independent evidence. A metric that no
    resample defines is left out, and everything is when there is only one image or group to draw.
    """
    scores = WeightedScores(predictions)
    group_of_image = _group_of_image(groups, scores.num_images)
    if int(group_of_image.max()) == 0:
        return {}
    generator = torch.Generator().manual_seed(seed)
    weightings = _resamples(group_of_image, num_resamples, generator)
    return _percentiles([_score(scores, weights, taxonomy) for weights in weightings], confidence)


def _score(scores: WeightedScores, weights: Tensor, taxonomy: Taxonomy) -> dict[str, Tensor]:
    auroc = scores.auroc(weights)
    per_class = dict(zip(map(class_auroc_key, taxonomy.classes), auroc.unbind(dim=1), strict=True))
    overall = summary(scores.confusion(weights), auroc)
    return {"loss": scores.loss(weights)} | overall | per_class


def _group_of_image(groups: Tensor | None, num_images: int) -> Tensor:
    """Which group each image is drawn with, numbered from 0 without gaps."""
    if groups is None:
        return torch.arange(num_images)
    if groups.shape != (num_images,):
        raise DataError(
            f"Expected one group for each of the {num_images} images, but got groups of shape "
            f"{list(groups.shape)}; pass the patient of every evaluated image, in its order."
        )
    group_of_image: Tensor = torch.unique(groups, return_inverse=True)[1]
    return group_of_image


def _resamples(
    group_of_image: Tensor, num_resamples: int, generator: torch.Generator
) -> Iterator[Tensor]:
    """How often each image counts in each resample, in chunks of shape [resamples, N]."""
    num_groups = int(group_of_image.max()) + 1
    chunk = max(1, _MAX_WEIGHTS // len(group_of_image))
    for start in range(0, num_resamples, chunk):
        shape = (min(chunk, num_resamples - start), num_groups)
        draws = torch.randint(num_groups, shape, generator=generator)
        counts = torch.zeros(shape, dtype=torch.float64)
        counts.scatter_add_(1, draws, torch.ones(shape, dtype=torch.float64))
        yield counts[:, group_of_image]


def _percentiles(chunks: list[dict[str, Tensor]], confidence: float) -> dict[str, Interval]:
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
