"""The loss of the segmentation recipe: Dice and cross entropy, each a mean over images."""

import torch
from torch import Tensor

from training.data.mask_folder import IGNORED

_SMOOTHING = 1.0
"""In pixels; it bounds the gradient of a structure of a few pixels."""


def segmentation_losses(logits: Tensor, masks: Tensor, dice_weight: float) -> Tensor:
    """The loss of each image, float32 [B], for logits [B, C, H, W] and masks int64 [B, H, W].

    Each image counts alike, whatever rank and micro-batch it is in, so that the mean of the ranks'
    gradients is that of one large batch. IGNORED pixels do not count.
    """
    log_probabilities = logits.float().log_softmax(dim=1)
    is_known = (masks != IGNORED)[:, None]
    levels = torch.arange(logits.shape[1], device=masks.device)[:, None, None]
    truth = (masks[:, None] == levels) & is_known
    # PyTorch's own cross entropy of images refuses to run deterministically on a GPU.
    entropy = -(log_probabilities * truth).sum(dim=(1, 2, 3))
    entropy = entropy / is_known.sum(dim=(1, 2, 3)).clamp(min=1)
    dice = _dice_losses(log_probabilities.exp() * is_known, truth)
    return (1 - dice_weight) * entropy + dice_weight * dice


def _dice_losses(predicted: Tensor, truth: Tensor) -> Tensor:
    """One minus the mean soft Dice (Milletari et al. 2016) of the structures that an image has.

    The background does not count. It is 0 for an image without any structure.
    """
    predicted, truth = predicted[:, 1:], truth[:, 1:]
    overlap, area = (predicted * truth).sum(dim=(2, 3)), truth.sum(dim=(2, 3))
    dice = (2 * overlap + _SMOOTHING) / (predicted.sum(dim=(2, 3)) + area + _SMOOTHING)
    is_present = area > 0
    losses = ((1 - dice) * is_present).sum(dim=1) / is_present.sum(dim=1).clamp(min=1)
    return torch.where(is_present.any(dim=1), losses, 0.0)
