"""A view is decided by the sample's own draws, and the cache has every view that can occur."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from tests.training.diffusion.data.captioned import picture, scanned, write_images
from tests.training.ranks import lone_process
from training.diffusion.data.buckets import Bucket, place_in
from training.diffusion.data.cache import fill_cache
from training.diffusion.data.draws import SampleDraws
from training.diffusion.data.scan import ScannedData
from training.diffusion.data.tensor_cache import TensorCache, Tensors
from training.diffusion.data.views import (
    Augmentation,
    View,
    draw_view,
    embedding_entries,
    embedding_key,
    latent_entries,
    latents_key,
    masks_of,
    pixels_of,
    plain_view,
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


def test_the_cache_has_the_latents_of_every_view_and_they_are_those_of_its_pixels(
    data: ScannedData, tmp_path: Path
) -> None:
    augmentation = Augmentation(flip=0.5, caption_dropout=0.5)

    def encode(views: Sequence[View]) -> list[Tensors]:
        return [{"latents": pixels} for pixels in pixels_of(data.root, views)]

    cache = TensorCache(tmp_path / "c")
    entries = latent_entries(data.images, augmentation, "vae")
    assert fill_cache(cache, entries, encode, lone_process(), what="Latents") == 6
    draws = SampleDraws(1)
    for sample in range(12):
        view = draw_view(data.images[sample % 3], sample, draws, augmentation)
        (cached,) = cache.read([latents_key(view, "vae")])
        assert torch.equal(cached["latents"], pixels_of(data.root, [view])[0])
    assert not Augmentation(random_crop=True).latents_can_be_cached


def test_the_cache_has_the_embeddings_of_every_caption(data: ScannedData) -> None:
    augmentation = Augmentation(caption_dropout=0.5)
    entries = embedding_entries(data.images, augmentation, "clip", ["a prompt"], max_tokens=75)
    assert [entry.item for entry in entries] == [
        "",
        "OCT",
        "a prompt",
        "fundus",
        "fundus, drusen, mild",
    ]
    keys = {entry.item: entry.key for entry in entries}
    for sample in range(12):
        caption = draw_view(data.images[0], sample, SampleDraws(1), augmentation).caption
        assert keys[caption] == embedding_key(caption, "clip", max_tokens=75)
    assert embedding_key("a", "clip") != embedding_key("a", "clip", clip_skip=2)
    assert "" not in {e.item for e in embedding_entries(data.images, Augmentation(), "clip")}
    assert not Augmentation(shuffle_tags=True).embeddings_can_be_cached


def test_flips_that_cannot_occur_are_not_computed(data: ScannedData) -> None:
    assert [e.item.is_flipped for e in latent_entries(data.images, Augmentation(), "v")] == [
        False
    ] * 3
    always = latent_entries(data.images, Augmentation(flip=1), "v")
    assert [entry.item.is_flipped for entry in always] == [True] * 3


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
