"""Applies RandAugment (Cubuk et al. 2019) to whole batches, with operations chosen for each image.

The operations, their ranges and the noise on the magnitude are those of timm's policy
`rand-m9-mstd0.5-inc1`, with which MAE and RETFound are fine-tuned.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.v2.functional as TF
from torch import Tensor

APPLY_PROBABILITY = 0.5
MAGNITUDE_STD = 0.5
MAX_ROTATION_RAD = math.radians(30)
MAX_SHEAR = 0.3
MAX_SHIFT = 0.45
MAX_ENHANCEMENT = 0.9

Operation = Callable[[Tensor, Tensor], Tensor]
"""Maps images [B, 3, H, W] in [0, 1] and their signed levels [B, 1, 1, 1] in [-1, 1] to images."""


def rand_augment(
    images: Tensor, num_ops: int, magnitude: float, random: np.random.Generator
) -> Tensor:
    """Apply `num_ops` randomly chosen operations to each image; float [B, 3, H, W] in [0, 1]."""
    for _ in range(num_ops):
        chosen = random.integers(len(OPERATIONS), size=len(images))
        chosen[random.random(len(images)) >= APPLY_PROBABILITY] = -1
        levels = np.clip(random.normal(magnitude, MAGNITUDE_STD, len(images)) / 10, 0, 1)
        levels *= random.choice([-1, 1], len(images))
        images = _apply(images, chosen, levels)
    return images


def _apply(
    images: Tensor,
    chosen: np.ndarray[tuple[int], np.dtype[np.int64]],
    levels: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> Tensor:
    result = images.clone()
    for index, operation in enumerate(OPERATIONS):
        (members,) = np.nonzero(chosen == index)
        if len(members):
            rows = torch.from_numpy(members).to(images.device)
            level = torch.from_numpy(levels[members]).to(images).view(-1, 1, 1, 1)
            result[rows] = operation(images[rows], level).clamp(0, 1)
    return result


def _warp(images: Tensor, matrices: Tensor) -> Tensor:
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def _affine(images: Tensor, **entries: Tensor) -> Tensor:
    """Warp by [[a, b, c], [d, e, f]]: the identity, except for the given entries."""
    zero = torch.zeros(len(images), device=images.device)
    values = {"a": zero + 1, "b": zero, "c": zero, "d": zero, "e": zero + 1, "f": zero}
    values.update({name: entry.flatten() for name, entry in entries.items()})
    return _warp(images, torch.stack(list(values.values()), dim=1).view(-1, 2, 3))


def _rotate(images: Tensor, level: Tensor) -> Tensor:
    angle = level * MAX_ROTATION_RAD
    return _affine(images, a=angle.cos(), b=-angle.sin(), d=angle.sin(), e=angle.cos())


def _blend(images: Tensor, other: Tensor, level: Tensor) -> Tensor:
    """Interpolate between `other` (level -1 / 0.9) and the image (0), and extrapolate beyond it."""
    return other + (images - other) * (1 + level * MAX_ENHANCEMENT)


def _grey(images: Tensor) -> Tensor:
    grey: Tensor = TF.rgb_to_grayscale(images, num_output_channels=3)
    return grey


def _posterise(images: Tensor, level: Tensor) -> Tensor:
    step = 2 ** (8 - (4 - (level.abs() * 4).int()).clamp(min=1))
    return (images * 255 / step).floor() * step / 255


def _equalise(images: Tensor, _level: Tensor) -> Tensor:
    equalised: Tensor = TF.equalize((images * 255).to(torch.uint8))
    return equalised.float() / 255


def _sharpen(images: Tensor, level: Tensor) -> Tensor:
    return _blend(images, F.avg_pool2d(images, 3, stride=1, padding=1), level)


OPERATIONS: tuple[Operation, ...] = (
    lambda images, _level: TF.autocontrast(images),
    _equalise,
    lambda images, _level: TF.invert(images),
    _rotate,
    _posterise,
    lambda images, level: torch.where(images >= 1 - level.abs(), 1 - images, images),
    lambda images, level: torch.where(images < 0.5, images + level.abs() * 110 / 255, images),
    lambda images, level: _blend(images, _grey(images), level),
    lambda images, level: _blend(images, _grey(images).mean(dim=(1, 2, 3), keepdim=True), level),
    lambda images, level: _blend(images, torch.zeros_like(images), level),
    _sharpen,
    lambda images, level: _affine(images, b=level * MAX_SHEAR),
    lambda images, level: _affine(images, d=level * MAX_SHEAR),
    lambda images, level: _affine(images, c=2 * level * MAX_SHIFT),
    lambda images, level: _affine(images, f=2 * level * MAX_SHIFT),
)
