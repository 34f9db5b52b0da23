"""Augmentation has the expected shapes and statistics, is seeded, and is independent per image."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from training.data.augmentation import (
    IMAGENET_MEAN,
    AugmentationConfig,
    augment,
    evaluation_transform,
    normalise,
    random_erase,
    random_resized_crop,
)
from training.data.framing import Framing
from training.data.mixing import mix
from training.data.rand_augment import OPERATIONS, rand_augment

PLAIN = AugmentationConfig(
    image_size=24,
    smallest_crop=1,
    vertical_flip=False,
    rand_augment_ops=0,
    rand_augment_magnitude=9,
    random_erasing=0,
)
OFFICIAL = replace(PLAIN, smallest_crop=0.08, rand_augment_ops=2, random_erasing=0.25)


def random_images(count: int = 8, size: int = 32) -> Tensor:
    source = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=source)


def test_equal_seeds_augment_equally_and_different_seeds_differently() -> None:
    first, same_seed, other_seed = (
        augment(random_images(), OFFICIAL, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first.shape == (8, 3, 24, 24)
    assert first.dtype == torch.float32
    assert torch.equal(first, same_seed)
    assert not torch.equal(first, other_seed)
    assert bool(first.isfinite().all())


def test_each_image_of_a_batch_is_augmented_independently() -> None:
    same = random_images(1).expand(16, -1, -1, -1)
    augmented = augment(same, OFFICIAL, np.random.default_rng(0))
    assert len({tuple(image.flatten()[:50].tolist()) for image in augmented}) == 16


def test_with_augmentation_disabled_images_are_only_mirrored() -> None:
    images = random_images(32, 24)
    plain = normalise(images.float() / 255)
    augmented = augment(images, PLAIN, np.random.default_rng(0))
    upright = torch.isclose(augmented, plain, atol=1e-4).flatten(1).all(dim=1)
    mirrored = torch.isclose(augmented, plain.flip(-1), atol=1e-4).flatten(1).all(dim=1)
    assert bool((upright | mirrored).all())
    assert bool(upright.any())
    assert bool(mirrored.any())


def test_crops_stay_inside_the_image() -> None:
    ramp = torch.linspace(0.2, 0.8, 64).expand(200, 3, 64, 64)
    config = replace(PLAIN, smallest_crop=0.1)
    cropped = random_resized_crop(ramp, config, np.random.default_rng(0))
    assert float(cropped.min()) >= 0.2 - 1e-4
    assert float(cropped.max()) <= 0.8 + 1e-4
    widths = (cropped.amax(dim=(1, 2, 3)) - cropped.amin(dim=(1, 2, 3))) / 0.6
    assert float(widths.min()) < 0.45
    assert float(widths.max()) > 0.9


def test_erasing_changes_about_the_requested_fraction_of_images() -> None:
    images = torch.full((400, 3, 16, 16), 5.0)
    erased = random_erase(images, 0.25, np.random.default_rng(0))
    changed = (erased != images).flatten(1).any(dim=1)
    assert 0.18 < float(changed.float().mean()) < 0.32
    areas = (erased != images).any(dim=1).flatten(1).float().mean(dim=1)[changed]
    assert float(areas.max()) < 0.45


@pytest.mark.parametrize("index", range(len(OPERATIONS)))
@pytest.mark.parametrize("level", [-1.0, 0.0, 0.9])
def test_every_operation_keeps_shape_and_range(index: int, level: float) -> None:
    images = random_images(4).float() / 255
    changed = OPERATIONS[index](images, torch.full((4, 1, 1, 1), level)).clamp(0, 1)
    assert changed.shape == images.shape
    assert bool(changed.isfinite().all())


def test_randaugment_leaves_about_a_quarter_of_images_unchanged() -> None:
    images = random_images(400, 8).float() / 255
    changed = rand_augment(images, 2, 9, np.random.default_rng(0))
    unchanged = (changed == images).flatten(1).all(dim=1).float().mean()
    assert 0.2 < float(unchanged) < 0.4


def test_normalising_the_imagenet_mean_gives_zero() -> None:
    grey = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert torch.allclose(normalise(grey), torch.zeros(1, 3, 4, 4), atol=1e-6)


def test_evaluation_crops_the_centre_or_resizes_the_whole_image() -> None:
    images = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    images[..., 0] = 255
    cropped = evaluation_transform(images, 24, Framing.CROP)
    resized = evaluation_transform(images, 24, Framing.STRETCH)
    assert cropped.shape == resized.shape == (1, 3, 24, 24)
    assert float(cropped.max()) < 0
    assert float(resized.max()) > 0


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.8, 0.0), (0.0, 1.0), (0.8, 1.0)])
def test_mixed_targets_are_probabilities_in_proportion_to_the_pixels(
    mixup: float, cutmix: float
) -> None:
    images = torch.stack([torch.full((3, 32, 32), float(value)) for value in (0, 1, 0, 1)])
    targets = torch.tensor([[1.0, 0], [0, 1.0], [1.0, 0], [0, 1.0]])
    for seed in range(10):
        mixed, soft = mix(
            images,
            targets,
            mixup_alpha=mixup,
            cutmix_alpha=cutmix,
            random=np.random.default_rng(seed),
        )
        assert torch.allclose(soft.sum(dim=1), torch.ones(4))
        assert torch.allclose(mixed.mean(dim=(1, 2, 3)), soft[:, 1], atol=1e-5)


def test_nothing_is_mixed_when_both_alphas_are_zero() -> None:
    images, targets = torch.rand(2, 3, 4, 4), torch.eye(2)
    mixed, soft = mix(
        images, targets, mixup_alpha=0, cutmix_alpha=0, random=np.random.default_rng(0)
    )
    assert mixed is images
    assert soft is targets
