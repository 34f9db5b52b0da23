"""Computes metrics of predictions for many weightings of the samples at once, in float64.

A weighting says how often each sample counts: all ones is the plain evaluation, and each bootstrap
resample is another weighting. torchmetrics has no such weights, divides in float32 and gives an
absent class an AUROC of 0, so the ratios are computed here; the tests compare them with
torchmetrics.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.errors import DataError, TrainingError


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """The outputs of the model for every sample, once each, and the true classes; on the CPU."""

    logits: Tensor  # [N, C], float32 or float64
    targets: Tensor  # [N], int64

    def log_probabilities(self) -> Tensor:
        """The logarithm of the softmax, float64, [N, C]. Raises TrainingError if there is a NaN in it."""
        self._require_matching_shapes()
        self._require_targets_in_range()
        log_probabilities = self.logits.double().log_softmax(dim=1)
        num_broken = int(log_probabilities.isnan().any(dim=1).sum())
        if num_broken:
            raise TrainingError(
                f"Expected finite outputs of the model, but {num_broken} of {len(self.targets)} "
                "samples got NaN or infinity: the training has diverged; resume from an earlier "
                "checkpoint with a lower learning rate."
            )
        return log_probabilities

    def _require_matching_shapes(self) -> None:
        if self.logits.ndim != 2 or self.targets.shape != self.logits.shape[:1]:
            raise DataError(
                "Expected logits of shape [samples, classes] and one target per sample, but got "
                f"{list(self.logits.shape)} and {list(self.targets.shape)}; pass what one "
                "evaluation gathered."
            )
        if len(self.targets) == 0:
            raise DataError(
                "Expected samples to evaluate, but got none; check the data of the split."
            )

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
    """The samples in ascending order of one class's probability, and where its positives tie."""

    order: Tensor  # [N]
    is_negative: Tensor  # [N], float64, in that order
    positives: Tensor  # [P], sample indices
    num_below: Tensor  # [P], how many samples are ranked strictly below
    num_up_to: Tensor  # [P], how many are ranked below or tie


class WeightedScores:
    """Predictions prepared once for any number of weightings."""

    def __init__(self, predictions: Predictions) -> None:
        log_probabilities = predictions.log_probabilities()
        targets = predictions.targets.long()
        self.num_samples, self.num_classes = log_probabilities.shape
        self._sample_losses = -log_probabilities.gather(1, targets[:, None]).squeeze(1)
        self._cells = targets * self.num_classes + log_probabilities.argmax(dim=1)
        self._rankings = [
            _rank(column, targets == index)
            for index, column in enumerate(log_probabilities.exp().T)
        ]

    def loss(self, weights: Tensor) -> Tensor:
        """Mean cross entropy of each weighting, [B], for float64 weights of shape [B, N]."""
        return weights @ self._sample_losses / weights.sum(dim=1)

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
    """The Mann-Whitney statistic: the share of correctly ranked pairs; a tie counts half."""
    negatives = weights[:, ranking.order] * ranking.is_negative
    negatives_up_to = torch.nn.functional.pad(negatives.cumsum(dim=1), (1, 0))
    positives = weights[:, ranking.positives]
    outranked = (negatives_up_to[:, ranking.num_below] + negatives_up_to[:, ranking.num_up_to]) / 2
    # Without pairs this is 0 / 0, and NaN means undefined.
    return (positives * outranked).sum(dim=1) / (positives.sum(dim=1) * negatives_up_to[:, -1])


def accuracy(confusion: Tensor) -> Tensor:
    """Share of samples on the diagonal, [B]."""
    return _diagonal(confusion).sum(dim=1) / confusion.sum(dim=(1, 2))


def f1_per_class(confusion: Tensor) -> Tensor:
    """F1 of each class, [B, C]; NaN for a class without positives, whatever is predicted."""
    support, predicted = confusion.sum(dim=2), confusion.sum(dim=1)
    return torch.where(support > 0, 2 * _diagonal(confusion) / (support + predicted), torch.nan)


def cohen_kappa(confusion: Tensor) -> Tensor:
    """Cohen's unweighted kappa, [B]; NaN if all samples are of one class and predicted as it."""
    total = confusion.sum(dim=(1, 2))
    by_chance = (confusion.sum(dim=2) * confusion.sum(dim=1)).sum(dim=1) / total**2
    return (accuracy(confusion) - by_chance) / (1 - by_chance)


def summary(confusion: Tensor, auroc: Tensor) -> dict[str, Tensor]:
    """The overall metrics by their short names, [B] each, over the classes where they are defined."""
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
