"""Augments whole training batches on the device, each image with random parameters of its own.

The parameters come from a seeded NumPy generator on the CPU, so a batch is augmented in the same
way on any device and after any resume. The pixels never leave the device.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.data.framing import Framing
from training.data.rand_augment import rand_augment

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
ASPECT_RATIOS = (3 / 4, 4 / 3)
ERASED_AREAS = (0.02, 1 / 3)
ERASED_RATIOS = (0.3, 10 / 3)


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """Which augmentations are applied, and how strongly."""

    image_size: int
    smallest_crop: float
    """Smallest fraction of the area that a random crop keeps; 1 disables cropping."""
    vertical_flip: bool
    rand_augment_ops: int
    """Number of operations applied one after another; 0 disables RandAugment."""
    rand_augment_magnitude: float
    """From 0 to 10."""
    random_erasing: float
    """Probability that a rectangle of an image is replaced by noise; 0 disables it."""


def augment(images: Tensor, config: AugmentationConfig, random: np.random.Generator) -> Tensor:
    """Augment and normalise uint8 [B, 3, S, S] to float32 [B, 3, T, T], on the same device."""
    values = images.float() / 255
    values = random_resized_crop(values, config, random)
    if config.rand_augment_ops > 0:
        values = rand_augment(
            values, config.rand_augment_ops, config.rand_augment_magnitude, random
        )
    values = normalise(values)
    if config.random_erasing > 0:
        values = random_erase(values, config.random_erasing, random)
    return values


def normalise(images: Tensor) -> Tensor:
    """Normalise float [B, 3, H, W] in [0, 1] by ImageNet's mean and deviation of each channel."""
    mean = torch.tensor(IMAGENET_MEAN, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=images.device).view(1, 3, 1, 1)
    return (images - mean) / std


def random_resized_crop(
    images: Tensor, config: AugmentationConfig, random: np.random.Generator
) -> Tensor:
    """Crop a box of random area and aspect ratio from each image, flip it at random, resize it."""
    size = len(images)
    area = random.uniform(config.smallest_crop, 1, size)
    ratio = _log_uniform(ASPECT_RATIOS, size, random) if config.smallest_crop < 1 else np.ones(size)
    width = np.minimum(np.sqrt(area * ratio), 1)
    height = np.minimum(np.sqrt(area / ratio), 1)
    # Centres in the coordinates of affine_grid, where the image spans -1 to 1.
    centre_x = random.uniform(-1, 1, size) * (1 - width)
    centre_y = random.uniform(-1, 1, size) * (1 - height)
    width = width * random.choice([-1, 1], size)
    if config.vertical_flip:
        height = height * random.choice([-1, 1], size)
    zero = np.zeros(size)
    matrix = np.stack([width, zero, centre_x, zero, height, centre_y], axis=1).reshape(-1, 2, 3)
    theta = torch.from_numpy(matrix).to(images)
    shape = [size, 3, config.image_size, config.image_size]
    grid = F.affine_grid(theta, shape, align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def random_erase(images: Tensor, probability: float, random: np.random.Generator) -> Tensor:
    """Replace a random rectangle of some images by noise (Zhong et al. 2017, Random Erasing)."""
    size, _, height, width = images.shape
    chosen = random.random(size) < probability
    area = random.uniform(*ERASED_AREAS, size)
    ratio = _log_uniform(ERASED_RATIOS, size, random)
    box_height = np.minimum(np.sqrt(area * ratio), 1) * chosen
    box_width = np.minimum(np.sqrt(area / ratio), 1)
    top = random.uniform(0, 1, size) * (1 - box_height)
    left = random.uniform(0, 1, size) * (1 - box_width)
    rows = _inside(top, box_height, height, images.device)[:, None, :, None]
    columns = _inside(left, box_width, width, images.device)[:, None, None, :]
    noise_source = torch.Generator(images.device).manual_seed(int(random.integers(2**62)))
    noise = torch.randn(images.shape, generator=noise_source, device=images.device)
    return torch.where(rows & columns, noise, images)


def _log_uniform(
    bounds: tuple[float, float], size: int, random: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    low, high = math.log(bounds[0]), math.log(bounds[1])
    return np.exp(random.uniform(low, high, size))


def _inside(
    start: np.ndarray[tuple[int], np.dtype[np.float64]],
    length: np.ndarray[tuple[int], np.dtype[np.float64]],
    num_pixels: int,
    device: torch.device,
) -> Tensor:
    """Bool [B, num_pixels]: whether each pixel centre lies in its image's interval of [0, 1]."""
    centres = (torch.arange(num_pixels, device=device) + 0.5) / num_pixels
    first = torch.from_numpy(start).to(centres)[:, None]
    last = torch.from_numpy(start + length).to(centres)[:, None]
    return (centres >= first) & (centres < last)


def evaluation_transform(images: Tensor, image_size: int, framing: Framing) -> Tensor:
    """Crop or resize and normalise uint8 [B, 3, S, S] to float32 [B, 3, T, T]; deterministic."""
    values = images.float() / 255
    if framing is Framing.CROP:
        margin = (values.shape[-1] - image_size) // 2
        values = values[..., margin : margin + image_size, margin : margin + image_size]
    elif values.shape[-1] != image_size:
        size = [image_size, image_size]
        values = F.interpolate(values, size, mode="bilinear", antialias=True)
    return normalise(values)
