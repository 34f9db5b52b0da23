"""Applies mixup or CutMix within a batch, with random numbers from a seeded generator."""

import numpy as np
import torch
from torch import Tensor


def mix(
    images: Tensor,
    targets: Tensor,
    *,
    mixup_alpha: float,
    cutmix_alpha: float,
    random: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Mix image i with image B - 1 - i; if both methods are enabled, choose one at random.

    `images` float [B, 3, H, W], `targets` probabilities [B, C]; an alpha of 0 disables its method.
    Sources: Zhang et al. 2017 (mixup), Yun et al. 2019 (CutMix).
    """
    methods = [
        method for method, alpha in ((_mixup, mixup_alpha), (_cutmix, cutmix_alpha)) if alpha > 0
    ]
    if not methods:
        return images, targets
    method = methods[random.integers(len(methods))]
    alpha = mixup_alpha if method is _mixup else cutmix_alpha
    weight = float(random.beta(alpha, alpha))
    images, weight = method(images, weight, random)
    return images, targets * weight + targets.flip(0) * (1 - weight)


def _mixup(images: Tensor, weight: float, _random: np.random.Generator) -> tuple[Tensor, float]:
    return images * weight + images.flip(0) * (1 - weight), weight


def _cutmix(images: Tensor, weight: float, random: np.random.Generator) -> tuple[Tensor, float]:
    _, _, height, width = images.shape
    side = np.sqrt(1 - weight)
    centre_y, centre_x = random.uniform(0, height), random.uniform(0, width)
    top, bottom = np.clip([centre_y - side * height / 2, centre_y + side * height / 2], 0, height)
    left, right = np.clip([centre_x - side * width / 2, centre_x + side * width / 2], 0, width)
    rows, columns = slice(int(top), int(bottom)), slice(int(left), int(right))
    mixed = images.clone()
    mixed[:, :, rows, columns] = images.flip(0)[:, :, rows, columns]
    pasted = torch.zeros(height, width)
    pasted[rows, columns] = 1
    return mixed, 1 - float(pasted.mean())
