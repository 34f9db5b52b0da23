"""Copies of an image and almost equal images are found, in time that is proportional to their number."""

import io
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from training.config import Split
from training.data.duplicates import KnownImage, copies, similar_pairs
from training.data.image_digests import digests_to_json, num_known
from training.data.inspection import ImageFacts, inspect_images


def photograph(seed: int, size: int = 96) -> Image.Image:
    """An image of a few large shapes, as photographs have."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


def known(folder: Path, *names: str, split: Split = Split.TRAIN) -> list[KnownImage]:
    facts = inspect_images(folder, names, num_threads=2)
    return [
        KnownImage(split=split, class_name="A", facts=item)
        for item in facts
        if isinstance(item, ImageFacts)
    ]


def test_copies_of_a_file_are_found_with_other_metadata_and_in_another_lossless_format(
    tmp_path: Path,
) -> None:
    photograph(1).save(tmp_path / "a.png")
    photograph(1).save(tmp_path / "b.tif")
    photograph(2).save(tmp_path / "c.png")
    photograph(3).save(tmp_path / "d.jpg", quality=90)
    stripped = (tmp_path / "d.jpg").read_bytes()
    comment = b"\xff\xfe\x00\x09patient"
    (tmp_path / "e.jpg").write_bytes(stripped[:2] + comment + stripped[2:])
    groups = copies(known(tmp_path, "a.png", "b.tif", "c.png", "d.jpg", "e.jpg"))
    assert [[image.facts.path for image in group] for group in groups] == [
        ["a.png", "b.tif"],
        ["d.jpg", "e.jpg"],
    ]


def encoded_again(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=50)
    return Image.open(stream)


@pytest.mark.parametrize(
    "change",
    [
        encoded_again,
        lambda image: image.resize((48, 48)),
        lambda image: image.resize((300, 300)),
        lambda image: ImageEnhance.Brightness(image).enhance(0.9),
        lambda image: image.crop((0, 0, 95, 95)),
    ],
    ids=["encoded again", "smaller", "larger", "darker", "cropped"],
)
def test_an_image_that_was_changed_a_little_is_similar(tmp_path: Path, change: object) -> None:
    assert callable(change)
    for seed in range(12):
        photograph(seed).save(tmp_path / f"{seed}.png")
    change(photograph(5)).save(tmp_path / "changed.png")
    images = known(tmp_path, *(f"{seed}.png" for seed in range(12)), "changed.png")
    pairs = [{first.facts.path, second.facts.path} for first, second in similar_pairs(images)]
    assert pairs == [{"5.png", "changed.png"}]


def test_images_of_one_shade_and_copies_are_not_similar_pairs(tmp_path: Path) -> None:
    for shade in (0, 100, 200):
        Image.new("RGB", (32, 32), (shade,) * 3).save(tmp_path / f"{shade}.png")
    photograph(1).save(tmp_path / "a.png")
    photograph(1).save(tmp_path / "b.png")
    assert similar_pairs(known(tmp_path, "0.png", "100.png", "200.png", "a.png", "b.png")) == []
    assert similar_pairs([]) == []


def test_a_hundred_thousand_images_take_seconds(tmp_path: Path) -> None:
    photograph(0).save(tmp_path / "a.png")
    (image,) = known(tmp_path, "a.png")
    random = np.random.default_rng(0)
    thumbnails = random.integers(0, 256, (100_000, 272), np.uint8)
    images = [
        replace(
            image,
            facts=replace(
                image.facts, digest=number.to_bytes(16), thumbnail=thumbnails[number].tobytes()
            ),
        )
        for number in range(100_000)
    ]
    begin = time.process_time()
    similar_pairs(images)
    assert time.process_time() - begin < 20


def test_a_run_knows_the_images_that_it_was_trained_on(tmp_path: Path) -> None:
    for seed in range(4):
        photograph(seed).save(tmp_path / f"{seed}.png")
    trained = known(tmp_path, "0.png", "1.png")
    chosen = known(tmp_path, "2.png", split=Split.VAL)
    stored = digests_to_json([*trained, *chosen])
    assert "png" not in str(stored)
    photograph(0).save(tmp_path / "renamed.tif")
    scored = known(tmp_path, "renamed.tif", "2.png", "3.png", split=Split.TEST)
    assert num_known(scored, stored, Split.TRAIN) == 1
    assert num_known(scored, stored, Split.VAL) == 1
    assert num_known(scored, {}, Split.TRAIN) == 0
    with pytest.raises(ValueError, match="base64"):
        num_known(scored, {"train": {"files": "no base64"}}, Split.TRAIN)
