"""Computes Dice and IoU of each class from the pixels of all images, with bootstrap intervals.

The pixels of all images count together, so that an image without a structure counts by its false
alarms. A class that no image has is undefined, whatever is predicted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from tracking_plugin.names import MetricGroup
from tracking_plugin.wilson_interval import Interval
from training.data.mask_folder import IGNORED
from training.errors import TrainingError
from training.evaluation.detection import detection
from training.evaluation.intervals import percentile_intervals
from training.taxonomies.names import metric_part

DICE_MACRO, IOU_MACRO = "dice_macro", "iou_macro"


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """How many pixels of each image agree; the images are in the order of the split."""

    hits: Tensor  # int64 [N, C]
    truth: Tensor  # int64 [N, C]
    predicted: Tensor  # int64 [N, C]
    losses: Tensor  # float64 [N]
    confusion: Tensor  # int64 [C, C], of all images; rows are the truth

    @property
    def num_images(self) -> int:
        return len(self.losses)


@dataclass(frozen=True, kw_only=True)
class ClassOverlap:
    """One class; None stands for undefined."""

    dice: float | None
    iou: float | None
    num_images: int
    """Images that have the class."""
    num_pixels: int


@dataclass(frozen=True, kw_only=True)
class SegmentationMetrics:
    """All metrics of one evaluation; the means leave out the background and absent classes."""

    loss: float
    dice_macro: float | None
    iou_macro: float | None
    classes: Mapping[str, ClassOverlap]
    """By name; the first is the background."""
    confusion_matrix: list[list[int]]
    num_images: int

    @property
    def overall(self) -> dict[str, float | None]:
        return {"loss": self.loss, DICE_MACRO: self.dice_macro, IOU_MACRO: self.iou_macro}

    @property
    def structures(self) -> dict[str, ClassOverlap]:
        """The classes but the background."""
        return dict(list(self.classes.items())[1:])


def pixel_confusion(classes: Tensor, masks: Tensor, num_classes: int) -> Tensor:
    """How often each pair of classes occurs, int64 [C, C], rows the truth; without IGNORED pixels."""
    is_known = masks != IGNORED
    pairs = masks[is_known].long() * num_classes + classes[is_known].long()
    return torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes)


def evaluate_overlap(overlap: Overlap, classes: Sequence[str]) -> SegmentationMetrics:
    """Every metric. Raises TrainingError if the model's outputs are no numbers."""
    if num_broken := int((~overlap.losses.isfinite()).sum()):
        raise TrainingError(
            f"Expected finite outputs of the model, but {num_broken} of {overlap.num_images} images "
            "got NaN or infinity: the training has diverged; resume from an earlier checkpoint with "
            "a lower learning rate."
        )
    once = torch.ones(1, overlap.num_images, dtype=torch.float64)
    dice, iou = _ratios(overlap, once)
    found = {
        name: ClassOverlap(
            dice=_defined(float(dice[0, index])),
            iou=_defined(float(iou[0, index])),
            num_images=int((overlap.truth[:, index] > 0).sum()),
            num_pixels=int(overlap.truth[:, index].sum()),
        )
        for index, name in enumerate(classes)
    }
    return SegmentationMetrics(
        loss=float(overlap.losses.mean()),
        dice_macro=_defined(float(dice[0, 1:].nanmean())),
        iou_macro=_defined(float(iou[0, 1:].nanmean())),
        classes=found,
        confusion_matrix=overlap.confusion.tolist(),
        num_images=overlap.num_images,
    )


def overlap_intervals(
    overlap: Overlap,
    classes: Sequence[str],
    *,
    num_resamples: int,
    seed: int,
    groups: Tensor | None = None,
) -> dict[str, Interval]:
    """95 % percentile intervals over images, or over `groups` [N] of them, such as patients.

    The keys are loss, dice_macro, iou_macro, and `dice/<class>` and `iou/<class>`.
    """

    def measure(weights: Tensor) -> dict[str, Tensor]:
        dice, iou = _ratios(overlap, weights)
        return {
            "loss": weights @ overlap.losses / weights.sum(dim=1),
            DICE_MACRO: dice[:, 1:].nanmean(dim=1),
            IOU_MACRO: iou[:, 1:].nanmean(dim=1),
            **{f"dice/{name}": dice[:, index] for index, name in enumerate(classes)},
            **{f"iou/{name}": iou[:, index] for index, name in enumerate(classes)},
        }

    return percentile_intervals(
        measure, overlap.num_images, num_resamples=num_resamples, seed=seed, groups=groups
    )


def selection_score(metrics: SegmentationMetrics) -> float:
    """The score that selects the best epoch: the mean Dice, or less the loss where it is undefined."""
    return -metrics.loss if metrics.dice_macro is None else metrics.dice_macro


def logged_metrics(metrics: SegmentationMetrics, prefix: str = "val") -> dict[str, float]:
    """The metrics under their MLflow names, undefined ones and the background left out.

    The groups of the classes have no prefix on val, `<prefix>_` on any other split.
    """
    group_prefix = "" if prefix == "val" else f"{prefix}_"
    named = {f"{prefix}/{name}": value for name, value in metrics.overall.items()}
    for name, found in metrics.structures.items():
        part = metric_part(name)
        named[f"{group_prefix}{MetricGroup.PER_CLASS_DICE}/{part}"] = found.dice
        named[f"{group_prefix}{MetricGroup.PER_CLASS_IOU}/{part}"] = found.iou
    return {name: value for name, value in named.items() if value is not None}


def evaluation_document(
    metrics: SegmentationMetrics, *, epoch: int | None, step: int
) -> dict[str, Any]:
    """The JSON of `epochs/<epoch>/evaluation.json`, whose counts are pixels; an undefined value is null."""
    return {
        "epoch": epoch,
        "step": step,
        "num_samples": metrics.num_images,
        "unit": "pixels",
        "classes": list(metrics.classes),
        "confusion_matrix": metrics.confusion_matrix,
        "class_report": {
            name: _class_report(metrics.confusion_matrix, index)
            for index, name in enumerate(metrics.classes)
        },
        "metrics": metrics.overall,
        "overlap": {name: vars(found) for name, found in metrics.classes.items()},
    }


def _class_report(confusion_matrix: list[list[int]], index: int) -> dict[str, Any]:
    found = detection(confusion_matrix, [index])
    return {
        "support": found.support,
        "precision": found.precision.share,
        "recall": found.sensitivity.share,
        "f1": found.f1,
        "specificity": found.specificity.share,
        "auc_roc": None,
    }


def _ratios(overlap: Overlap, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Dice and IoU, [B, C] each, for weightings of the images, float64 [B, N]; NaN if undefined."""
    hits, truth, predicted = (
        weights @ counts.double() for counts in (overlap.hits, overlap.truth, overlap.predicted)
    )
    is_defined = truth > 0
    dice = torch.where(is_defined, 2 * hits / (truth + predicted), torch.nan)
    iou = torch.where(is_defined, hits / (truth + predicted - hits), torch.nan)
    return dice, iou


def _defined(value: float) -> float | None:
    return value if isfinite(value) else None
