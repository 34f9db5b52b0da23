"""Augments images and their masks alike, each pair with random parameters of its own.

As in augmentation.py, the parameters come from a seeded NumPy generator, so that a batch is augmented
in the same way on any device and after any resume.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.v2.functional as TF
from torch import Tensor

from training.data.augmentation import normalise


@dataclass(frozen=True, kw_only=True)
class MaskAugmentationConfig:
    """Which augmentations are applied, and how strongly."""

    smallest_crop: float
    """Smallest fraction of the area that a random crop keeps; 1 disables cropping."""
    vertical_flip: bool
    colour_jitter: float
    """Largest relative change of brightness, contrast and saturation; 0 disables it."""


def augment_pairs(
    images: Tensor, masks: Tensor, config: MaskAugmentationConfig, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Augment uint8 [B, 3, S, S] and uint8 [B, S, S].

    Returns normalised images, float32 [B, 3, S, S], and masks, int64 [B, S, S], whose levels are among
    those of the input.
    """
    values, grid = images.float() / 255, _crop_grid(images, config, random)
    values = F.grid_sample(values, grid, padding_mode="reflection", align_corners=False)
    levels = F.grid_sample(
        masks[:, None].float(), grid, mode="nearest", padding_mode="border", align_corners=False
    )
    if config.colour_jitter > 0:
        values = _jitter(values, config.colour_jitter, random)
    return normalise(values), levels[:, 0].long()


def _crop_grid(
    images: Tensor, config: MaskAugmentationConfig, random: np.random.Generator
) -> Tensor:
    """Sampling points [B, S, S, 2] of a random square inside each image, mirrored at random."""
    size = len(images)
    side = np.sqrt(random.uniform(config.smallest_crop, 1, size))
    # Centres in the coordinates of affine_grid, where the image spans -1 to 1.
    centre_x, centre_y = random.uniform(-1, 1, (2, size)) * (1 - side)
    width = side * random.choice([-1, 1], size)
    height = side * random.choice([-1, 1], size) if config.vertical_flip else side
    zero = np.zeros(size)
    matrix = np.stack([width, zero, centre_x, zero, height, centre_y], axis=1).reshape(-1, 2, 3)
    theta = torch.from_numpy(matrix).to(images.device, torch.float32)
    return F.affine_grid(theta, list(images.shape), align_corners=False)


def _jitter(values: Tensor, strength: float, random: np.random.Generator) -> Tensor:
    """Multiply brightness, contrast and saturation, each by a factor around 1; in [0, 1]."""
    factors = random.uniform(1 - strength, 1 + strength, (3, len(values)))
    brightness, contrast, saturation = torch.from_numpy(factors).to(values)[..., None, None, None]
    values = values * brightness
    grey = TF.rgb_to_grayscale(values, num_output_channels=3)
    mean = grey.mean(dim=(1, 2, 3), keepdim=True)
    values = mean + (values - mean) * contrast
    grey = TF.rgb_to_grayscale(values, num_output_channels=3)
    jittered: Tensor = (grey + (values - grey) * saturation).clamp(0, 1)
    return jittered
