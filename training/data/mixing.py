"""Mixup and CutMix of a batch with itself, drawn from a seeded generator."""

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
    """Mix each image with its mirror in the batch; one of the two kinds at random if both are on.

    `images` float [B, 3, H, W], `targets` probabilities [B, C]; an alpha of 0 is off. Sources:
    Zhang et al. 2017 (mixup), Yun et al. 2019 (CutMix).
    """
    kinds = [kind for kind, alpha in ((_mixup, mixup_alpha), (_cutmix, cutmix_alpha)) if alpha > 0]
    if not kinds:
        return images, targets
    kind = kinds[random.integers(len(kinds))]
    alpha = mixup_alpha if kind is _mixup else cutmix_alpha
    share = float(random.beta(alpha, alpha))
    images, share = kind(images, share, random)
    return images, targets * share + targets.flip(0) * (1 - share)


def _mixup(images: Tensor, share: float, random: np.random.Generator) -> tuple[Tensor, float]:
    return images * share + images.flip(0) * (1 - share), share


def _cutmix(images: Tensor, share: float, random: np.random.Generator) -> tuple[Tensor, float]:
    _, _, height, width = images.shape
    side = np.sqrt(1 - share)
    centre_y, centre_x = random.uniform(0, height), random.uniform(0, width)
    top, bottom = np.clip([centre_y - side * height / 2, centre_y + side * height / 2], 0, height)
    left, right = np.clip([centre_x - side * width / 2, centre_x + side * width / 2], 0, width)
    rows, columns = slice(int(top), int(bottom)), slice(int(left), int(right))
    mixed = images.clone()
    mixed[:, :, rows, columns] = images.flip(0)[:, :, rows, columns]
    pasted = torch.zeros(height, width)
    pasted[rows, columns] = 1
    return mixed, 1 - float(pasted.mean())
