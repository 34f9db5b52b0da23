"""An image and its mask are transformed alike, in the same way for the same seed."""

import numpy as np
import pytest
import torch

from training.data.augmentation import IMAGENET_MEAN, IMAGENET_STD
from training.data.mask_augmentation import MaskAugmentationConfig, augment_pairs

SIZE = 32


def config(**settings: object) -> MaskAugmentationConfig:
    plain = {"smallest_crop": 1.0, "vertical_flip": False, "colour_jitter": 0.0}
    return MaskAugmentationConfig(**{**plain, **settings})  # type: ignore[arg-type]


def pairs(number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images that are white exactly where their masks have the level 1."""
    masks = torch.zeros(number, SIZE, SIZE, dtype=torch.uint8)
    masks[:, 3:14, 5:20] = 1
    return (masks * 255)[:, None].expand(-1, 3, -1, -1).contiguous(), masks


def brightness(images: torch.Tensor) -> torch.Tensor:
    """The first channel in [0, 1], as it was before the normalisation."""
    return images[:, 0] * IMAGENET_STD[0] + IMAGENET_MEAN[0]


@pytest.mark.parametrize("vertical_flip", [False, True])
def test_a_mask_stays_on_what_its_image_shows(vertical_flip: bool) -> None:
    settings = config(smallest_crop=0.3, vertical_flip=vertical_flip)
    images, masks = augment_pairs(*pairs(64), settings, np.random.default_rng(0))
    # Only pixels at an edge are mixed in the image, where the mask takes the nearest.
    disagree = (brightness(images) > 0.5) != (masks == 1)
    is_sure = (brightness(images) - 0.5).abs() > 0.49
    assert not (disagree & is_sure).any()
    assert is_sure.float().mean() > 0.85
    assert len({mask.numpy().tobytes() for mask in masks}) > 50


def test_without_crop_only_mirrors_happen() -> None:
    images, masks = pairs(32)
    _, found = augment_pairs(images, masks, config(), np.random.default_rng(0))
    mirrored = masks.flip(2).long()
    is_mirrored = (found == mirrored).all(dim=2).all(dim=1)
    is_same = (found == masks.long()).all(dim=2).all(dim=1)
    assert (is_mirrored ^ is_same).all()
    assert 0 < is_mirrored.sum() < 32


def test_colour_changes_leave_the_mask_alone() -> None:
    images, masks = pairs(8)
    changed, found = augment_pairs(
        images // 2, masks, config(colour_jitter=0.5), np.random.default_rng(3)
    )
    plain, expected = augment_pairs(images // 2, masks, config(), np.random.default_rng(3))
    assert torch.equal(found, expected)
    assert not torch.allclose(changed, plain, atol=0.05)


def test_the_levels_of_a_mask_are_never_mixed() -> None:
    masks = torch.randint(0, 2, (8, SIZE, SIZE), dtype=torch.uint8) * 200 + 55
    images = torch.zeros(8, 3, SIZE, SIZE, dtype=torch.uint8)
    _, found = augment_pairs(images, masks, config(smallest_crop=0.2), np.random.default_rng(1))
    assert set(found.unique().tolist()) == {55, 255}


def test_equal_seeds_augment_alike() -> None:
    settings = config(smallest_crop=0.3, vertical_flip=True, colour_jitter=0.2)
    first = augment_pairs(*pairs(4), settings, np.random.default_rng([1, 2]))
    second = augment_pairs(*pairs(4), settings, np.random.default_rng([1, 2]))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
