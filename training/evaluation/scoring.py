"""Scores of one set of predictions under many weightings of its images at once, in float64.

A weighting says how often each image counts: all ones is the plain evaluation, and each bootstrap
resample is another. torchmetrics knows no such weights, divides in float32 and calls the AUROC of
an absent class 0, hence our own ratios, which the tests compare with its.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.errors import DataError, TrainingError


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What the model said of every image, once each, and what was true; on the CPU."""

    logits: Tensor  # [N, C], float32 or float64
    targets: Tensor  # [N], int64

    def log_probabilities(self) -> Tensor:
        """The logarithm of the softmax, float64, [N, C]; refuses what cannot be scored."""
        self._require_matching_shapes()
        self._require_targets_in_range()
        log_probabilities = self.logits.double().log_softmax(dim=1)
        num_broken = int(log_probabilities.isnan().any(dim=1).sum())
        if num_broken:
            raise TrainingError(
                f"Expected finite outputs of the model, but {num_broken} of {len(self.targets)} "
                "images got NaN or infinity: the training has diverged; resume from an earlier "
                "checkpoint with a lower learning rate."
            )
        return log_probabilities

    def _require_matching_shapes(self) -> None:
        if self.logits.ndim != 2 or self.targets.shape != self.logits.shape[:1]:
            raise DataError(
                "Expected logits of shape [images, classes] and one target per image, but got "
                f"{list(self.logits.shape)} and {list(self.targets.shape)}; pass what one "
                "evaluation gathered."
            )
        if len(self.targets) == 0:
            raise DataError("Expected images to evaluate, but got none; check the split's folder.")

    def _require_targets_in_range(self) -> None:
        low, high, num_classes = (
            int(self.targets.min()),
            int(self.targets.max()),
            self.logits.shape[1],
        )
        if low < 0 or high >= num_classes:
            raise DataError(
                f"Expected targets from 0 to {num_classes - 1}, the classes of the model, but "
                f"they go from {low} to {high}; evaluate with the taxonomy that the model was "
                "trained with."
            )


@dataclass(frozen=True)
class _Ranking:
    """The images in ascending order of one class's probability, and where its positives tie."""

    order: Tensor  # [N]
    is_negative: Tensor  # [N], float64, in that order
    positives: Tensor  # [P], image indices
    num_below: Tensor  # [P], how many images are ranked strictly below
    num_up_to: Tensor  # [P], how many are ranked below or tie


class WeightedScores:
    """Predictions prepared once for scoring under any number of weightings."""

    def __init__(self, predictions: Predictions) -> None:
        log_probabilities = predictions.log_probabilities()
        targets = predictions.targets.long()
        self.num_images, self.num_classes = log_probabilities.shape
        self._image_losses = -log_probabilities.gather(1, targets[:, None]).squeeze(1)
        self._cells = targets * self.num_classes + log_probabilities.argmax(dim=1)
        self._rankings = [
            _rank(column, targets == index)
            for index, column in enumerate(log_probabilities.exp().T)
        ]

    def loss(self, weights: Tensor) -> Tensor:
        """Mean cross entropy of each weighting, [B], for float64 weights of shape [B, N]."""
        return weights @ self._image_losses / weights.sum(dim=1)

    def confusion(self, weights: Tensor) -> Tensor:
        """Confusion matrices, [B, C, C], rows the truth."""
        counts = weights.new_zeros(len(weights), self.num_classes**2)
        counts.index_add_(1, self._cells, weights)
        return counts.reshape(-1, self.num_classes, self.num_classes)

    def auroc(self, weights: Tensor) -> Tensor:
        """One-vs-rest AUROC of each class, [B, C]; NaN without positives or without negatives."""
        return torch.stack([_weighted_auroc(ranking, weights) for ranking in self._rankings], dim=1)


def _rank(probabilities: Tensor, is_positive: Tensor) -> _Ranking:
    ascending, order = probabilities.sort()
    of_positives = probabilities[is_positive].contiguous()
    return _Ranking(
        order=order,
        is_negative=(~is_positive)[order].double(),
        positives=is_positive.nonzero().squeeze(1),
        num_below=torch.searchsorted(ascending, of_positives, right=False),
        num_up_to=torch.searchsorted(ascending, of_positives, right=True),
    )


def _weighted_auroc(ranking: _Ranking, weights: Tensor) -> Tensor:
    """The Mann-Whitney statistic: the share of pairs ranked rightly, a tie counting half."""
    negatives = weights[:, ranking.order] * ranking.is_negative
    negatives_up_to = torch.nn.functional.pad(negatives.cumsum(dim=1), (1, 0))
    positives = weights[:, ranking.positives]
    outranked = (negatives_up_to[:, ranking.num_below] + negatives_up_to[:, ranking.num_up_to]) / 2
    # No pairs at all is 0 / 0, which is the NaN that says "undefined".
    return (positives * outranked).sum(dim=1) / (positives.sum(dim=1) * negatives_up_to[:, -1])


def accuracy(confusion: Tensor) -> Tensor:
    """Share of images on the diagonal, [B]."""
    return _diagonal(confusion).sum(dim=1) / confusion.sum(dim=(1, 2))


def f1_per_class(confusion: Tensor) -> Tensor:
    """F1 of each class, [B, C]; NaN for a class without positives, whatever was predicted."""
    support, predicted = confusion.sum(dim=2), confusion.sum(dim=1)
    return torch.where(support > 0, 2 * _diagonal(confusion) / (support + predicted), torch.nan)


def cohen_kappa(confusion: Tensor) -> Tensor:
    """Cohen's unweighted kappa, [B]; NaN when one class is all there is in truth and prediction."""
    total = confusion.sum(dim=(1, 2))
    by_chance = (confusion.sum(dim=2) * confusion.sum(dim=1)).sum(dim=1) / total**2
    return (accuracy(confusion) - by_chance) / (1 - by_chance)


def summary(confusion: Tensor, auroc: Tensor) -> dict[str, Tensor]:
    """The overall metrics by their short names, [B] each, over the classes that define them."""
    support = confusion.sum(dim=2)
    defined_support = torch.where(auroc.isnan(), 0.0, support)
    return {
        "accuracy": accuracy(confusion),
        "auc_roc_macro": auroc.nanmean(dim=1),
        "auc_roc_weighted": (auroc.nan_to_num() * defined_support).sum(dim=1)
        / defined_support.sum(dim=1),
        "f1": f1_per_class(confusion).nanmean(dim=1),
        "kappa": cohen_kappa(confusion),
    }


def _diagonal(confusion: Tensor) -> Tensor:
    return confusion.diagonal(dim1=1, dim2=2)
