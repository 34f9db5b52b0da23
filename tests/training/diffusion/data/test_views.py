"""A view is decided by the sample's own draws, and the cache has every view that can occur."""

from pathlib import Path

import pytest
import torch

from tests.training.diffusion.data.captioned import picture, scanned, write_images
from training.diffusion.data.buckets import Bucket, place_in
from training.diffusion.data.draws import SampleDraws
from training.diffusion.data.scan import ScannedData
from training.diffusion.data.views import (
    Augmentation,
    draw_view,
    embedding_key,
    latents_key,
    masks_of,
    pixels_of,
    plain_view,
    possible_views,
)


@pytest.fixture
def data(tmp_path: Path) -> ScannedData:
    root = write_images(tmp_path / "data", {"a.png": "fundus, drusen, mild", "b.png": "fundus"})
    picture(5, (96, 64)).save(root / "c.png")
    (root / "c.txt").write_text("OCT")
    picture(6).convert("L").save(root / "a.mask.png")
    return scanned(root)


def test_views_without_augmentation_are_plain(data: ScannedData) -> None:
    draws = SampleDraws(0)
    for sample in range(20):
        image = data.images[0]
        assert draw_view(image, sample, draws, Augmentation()) == plain_view(image)


def test_views_of_a_sample_are_the_same_whenever_they_are_drawn(data: ScannedData) -> None:
    augmentation = Augmentation(flip=0.5, random_crop=True, caption_dropout=0.3, shuffle_tags=True)
    image = data.images[0]
    views = [draw_view(image, sample, SampleDraws(3), augmentation) for sample in range(40)]
    again = [
        draw_view(image, sample, SampleDraws(3), augmentation) for sample in reversed(range(40))
    ]
    assert views == again[::-1]
    assert len({view.caption for view in views}) > 3
    assert {view.is_flipped for view in views} == {False, True}
    assert "" in {view.caption for view in views}
    assert len({view.crop for view in views}) == 40


def test_every_view_that_is_drawn_is_a_possible_one(data: ScannedData) -> None:
    augmentation = Augmentation(flip=0.5, caption_dropout=0.5)
    placed = [(image, image.placement) for image in data.images]
    keys = {latents_key(view, "vae") for view in possible_views(placed, augmentation)}
    assert len(keys) == 6
    draws = SampleDraws(1)
    for sample in range(12):
        view = draw_view(data.images[sample % 3], sample, draws, augmentation)
        assert latents_key(view, "vae") in keys
    assert not Augmentation(random_crop=True).latents_can_be_cached
    assert not Augmentation(shuffle_tags=True).embeddings_can_be_cached
    assert embedding_key("a", "clip") != embedding_key("a", "another clip")


@pytest.mark.parametrize(("flip", "sides"), [(0.0, [False] * 3), (1.0, [True] * 3)])
def test_flips_that_cannot_occur_are_not_computed(
    data: ScannedData, flip: float, sides: list[bool]
) -> None:
    placed = [(image, image.placement) for image in data.images]
    views = possible_views(placed, Augmentation(flip=flip))
    assert [view.is_flipped for view in views] == sides


def test_a_partner_is_placed_in_the_bucket_of_its_sample(data: ScannedData) -> None:
    image, bucket = data.images[2], Bucket(64, 64)
    placement = place_in(*image.facts.upright_size, bucket)
    view = draw_view(image, 0, SampleDraws(0), Augmentation(), placement)
    assert view.shape == (64, 64)
    assert pixels_of(data.root, [view, plain_view(data.images[0])]).shape == (2, 3, 64, 64)
    assert latents_key(view, "v") != latents_key(plain_view(image), "v")


def test_masks_of_a_batch_count_whole_where_there_is_none(data: ScannedData) -> None:
    masks = masks_of([plain_view(image) for image in data.images[:2]], (8, 8))
    assert masks.shape == (2, 1, 8, 8)
    assert torch.equal(masks[1], torch.ones(1, 8, 8))
    assert 0 < float(masks[0].mean()) < 1
