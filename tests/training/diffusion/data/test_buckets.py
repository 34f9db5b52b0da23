"""Each image gets the bucket of its shape; images are not enlarged, and unsuitable ones are named."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.diffusion.data.buckets import (
    Bucket,
    BucketRules,
    UnsuitableSizeError,
    buckets,
    place,
    place_in,
)
from training.errors import ConfigError

RULES = BucketRules(resolution=512)


def test_buckets_are_multiples_within_the_area_and_the_sides() -> None:
    found = buckets(RULES)
    assert Bucket(512, 512) in found
    assert Bucket(448, 576) in found
    assert Bucket(1024, 256) in found
    for bucket in found:
        assert bucket.width % 64 == bucket.height % 64 == 0
        assert bucket.area <= 512**2
        assert min(bucket.width, bucket.height) >= 256
        assert max(bucket.width, bucket.height) <= 1024
        assert Bucket(bucket.height, bucket.width) in found


@given(width=st.integers(1, 5000), height=st.integers(1, 5000))
def test_a_placed_image_covers_its_bucket_and_loses_no_more_than_allowed(
    width: int, height: int
) -> None:
    try:
        placed = place(width, height, RULES)
    except UnsuitableSizeError as error:
        shape = max(width, height) / min(width, height)
        assert min(width, height) < 256 or shape > 4
        assert f"{width} x {height}" in str(error)  # noqa: PT017
        return
    assert placed.scaled[0] >= placed.bucket.width
    assert placed.scaled[1] >= placed.bucket.height
    assert placed.scale <= 1 + 1e-9
    assert 0 <= placed.lost <= RULES.most_lost
    assert placed.bucket.width % 64 == placed.bucket.height % 64 == 0


@pytest.mark.parametrize(
    ("size", "bucket"),
    [
        ((2000, 2000), Bucket(512, 512)),
        ((3000, 2000), Bucket(640, 384)),
        ((2000, 3000), Bucket(384, 640)),
        ((512, 512), Bucket(512, 512)),
        ((400, 400), Bucket(384, 384)),
        ((500, 600), Bucket(448, 576)),
        ((300, 1100), Bucket(256, 1024)),
        ((700, 270), Bucket(640, 256)),
    ],
)
def test_the_bucket_of_an_image_has_its_shape(size: tuple[int, int], bucket: Bucket) -> None:
    assert place(*size, RULES).bucket == bucket


def test_an_image_is_enlarged_only_as_far_as_allowed() -> None:
    enlarging = BucketRules(resolution=512, most_upscaled=2)
    placed = place(256, 256, enlarging)
    assert placed.bucket == Bucket(512, 512)
    assert placed.scale == 2
    assert place(200, 200, enlarging).bucket == Bucket(384, 384)
    with pytest.raises(UnsuitableSizeError, match="120 x 120 pixels, which is too small, even"):
        place(120, 120, enlarging)


@pytest.mark.parametrize(("size", "text"), [((255, 900), "too small"), ((6000, 600), "60%")])
def test_unsuitable_images_are_refused_with_the_reason(size: tuple[int, int], text: str) -> None:
    with pytest.raises(UnsuitableSizeError, match=text):
        place(*size, RULES)


def test_without_aspect_buckets_every_image_becomes_the_square() -> None:
    square = BucketRules(resolution=512, are_many=False)
    assert buckets(square) == (Bucket(512, 512),)
    placed = place(1536, 1024, square)
    assert placed.bucket == Bucket(512, 512)
    assert placed.scaled == (768, 512)
    assert placed.lost == pytest.approx(1 / 3)
    assert place(300, 400, square).bucket == Bucket(256, 256)


def test_crops_reach_from_one_border_to_the_other() -> None:
    placed = place_in(768, 512, Bucket(512, 512))
    assert placed.crop() == (128, 0)
    assert placed.crop(0, 0) == (0, 0)
    assert placed.crop(math.nextafter(1, 0), 0.3) == (256, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"resolution": 32},
        {"resolution": 100_000},
        {"resolution": 512, "min_side": 600},
        {"resolution": 512, "max_side": 256},
        {"resolution": 512, "most_upscaled": 0.5},
        {"resolution": 512, "most_lost": 1},
    ],
)
def test_rules_that_do_not_fit_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        BucketRules(**values)  # type: ignore[arg-type]
