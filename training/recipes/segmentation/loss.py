"""The loss of the segmentation recipe: Dice and cross entropy, each a mean over images."""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.data.mask_folder import IGNORED

_SMOOTHING = 1.0
"""In pixels; it bounds the gradient of a structure of a few pixels."""


def segmentation_losses(logits: Tensor, masks: Tensor, dice_weight: float) -> Tensor:
    """The loss of each image, float32 [B], for logits [B, C, H, W] and masks int64 [B, H, W].

    Each image counts alike, whatever rank and micro-batch it is in, so that the mean of the ranks'
    gradients is that of one large batch. IGNORED pixels do not count.
    """
    logits = logits.float()
    is_known = masks != IGNORED
    targets = masks.where(is_known, 0)
    entropy = F.cross_entropy(logits, targets, reduction="none") * is_known
    entropy = entropy.sum(dim=(1, 2)) / is_known.sum(dim=(1, 2)).clamp(min=1)
    return (1 - dice_weight) * entropy + dice_weight * _dice_losses(logits, targets, is_known)


def _dice_losses(logits: Tensor, targets: Tensor, is_known: Tensor) -> Tensor:
    """One minus the mean soft Dice (Milletari et al. 2016) of the structures that an image has.

    The background does not count. It is 0 for an image without any structure.
    """
    num_classes = logits.shape[1]
    truth = F.one_hot(targets, num_classes).movedim(3, 1)[:, 1:] * is_known[:, None]
    predicted = logits.softmax(dim=1)[:, 1:] * is_known[:, None]
    overlap = (predicted * truth).sum(dim=(2, 3))
    area = truth.sum(dim=(2, 3))
    dice = (2 * overlap + _SMOOTHING) / (predicted.sum(dim=(2, 3)) + area + _SMOOTHING)
    is_present = (area > 0).float()
    losses = ((1 - dice) * is_present).sum(dim=1) / is_present.sum(dim=1).clamp(min=1)
    return torch.where(is_present.any(dim=1), losses, 0.0)
