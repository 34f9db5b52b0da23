"""A scan finds each image's bucket, and names what cannot be used."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.data.images import truncate
from tests.training.diffusion.data.captioned import RULES, listed, picture, scanned, write_images
from tests.training.ranks import run_ranks
from training.diffusion.data.buckets import Bucket
from training.diffusion.data.fates import Fate
from training.diffusion.data.scan import Strictness, content_digest, scan_captioned
from training.errors import DataError
from training.process import Process


def test_images_have_a_bucket_and_facts(tmp_path: Path) -> None:
    write_images(tmp_path, {"a.png": "x"})
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(1, (96, 64)).save(tmp_path / "b.jpg", exif=exif)
    (tmp_path / "b.txt").write_text("turned")
    data = scanned(tmp_path)
    assert [image.placement.bucket for image in data.images] == [Bucket(64, 64), Bucket(48, 80)]
    assert data.images[1].facts.upright_size == (64, 96)
    assert data.images[1].facts.orientation == 6
    assert len(data.images[0].name) == 12


def test_images_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path) -> None:
    write_images(tmp_path, {f"{name}.png": "x" for name in "abcdefgh"})
    for name in "abcdefg":
        truncate(tmp_path / f"{name}.png")
    picture(1, (20, 20)).save(tmp_path / "h.png")
    with pytest.raises(DataError) as caught:
        scanned(tmp_path)
    message = str(caught.value)
    assert "7 x an image that cannot be read: a.png (" in message
    assert "e.png" in message
    assert "f.png" not in message
    assert "and 2 more" in message
    assert "1 x an image whose size suits no bucket: h.png (20 x 20 pixels" in message
    assert "--skip-bad-images" in message
    with pytest.raises(DataError, match="No image is left"):
        scanned(tmp_path, skip_bad_images=True)


def test_captions_that_cannot_be_used_are_named_and_can_be_left_out(tmp_path: Path) -> None:
    write_images(tmp_path, {"a.png": "x", "b.png": None})
    (tmp_path / "btxt").write_text("x")
    (tmp_path / "z.txt").write_text("x")
    with pytest.raises(DataError) as caught:
        scanned(tmp_path)
    assert "expected than" not in str(caught.value)
    assert "btxt (expected b.txt)" in str(caught.value)
    assert "1 x a caption without its image: z.txt." in str(caught.value)
    assert "1 x an image without a caption: b.png." in str(caught.value)
    data = scanned(tmp_path, skip_bad_captions=True)
    assert [image.listed.path for image in data.images] == ["a.png"]


def test_copies_are_found_whatever_their_file_and_can_be_left_out(tmp_path: Path) -> None:
    write_images(tmp_path, {"a.png": "x", "b.png": "y", "c.png": "z"})
    buffer = io.BytesIO()
    picture(0).save(buffer, "BMP")
    (tmp_path / "b.png").write_bytes(buffer.getvalue())
    data = scanned(tmp_path)
    assert [list(group) for group in data.groups] == [[0, 1]]
    kept = scanned(tmp_path, skip_copies=True)
    assert [image.listed.path for image in kept.images] == ["a.png", "c.png"]
    assert [item.path for item in kept.others if item.fate is Fate.COPY] == ["b.png"]


def test_masks_of_another_size_are_refused(tmp_path: Path) -> None:
    write_images(tmp_path, {"a.png": "x"})
    Image.fromarray(np.zeros((32, 64), np.uint8)).save(tmp_path / "a.mask.png")
    with pytest.raises(DataError, match="64 x 64, was expected, and 64 x 32 came"):
        scanned(tmp_path)


@pytest.mark.parametrize("change", ["caption", "pixels", "name", "mask", "nothing"])
def test_what_a_resume_must_find_unchanged(tmp_path: Path, change: str) -> None:
    write_images(tmp_path, {"a.png": "x", "b.png": "y"})
    picture(5).convert("L").save(tmp_path / "a.mask.png")
    before = content_digest(scanned(tmp_path))
    if change == "caption":
        (tmp_path / "a.txt").write_text("z")
    elif change == "pixels":
        picture(9).save(tmp_path / "a.png")
    elif change == "name":
        (tmp_path / "b.png").rename(tmp_path / "c.png")
        (tmp_path / "b.txt").rename(tmp_path / "c.txt")
    elif change == "mask":
        picture(6).convert("L").save(tmp_path / "a.mask.png")
    assert (content_digest(scanned(tmp_path)) == before) is (change == "nothing")


def scan_on_rank(process: Process, root: Path) -> list[str]:
    try:
        data = scan_captioned(listed(root), RULES, Strictness(), process, slice_s=0.01)
    except DataError as error:
        return [str(error)]
    return [image.listed.path for image in data.images]


def test_ranks_share_the_scan_and_find_the_same(tmp_path: Path) -> None:
    root = write_images(tmp_path / "data", {f"{n}.png": "x" for n in range(5)})
    found = run_ranks(scan_on_rank, root, world_size=2, folder=tmp_path)
    assert found == [[f"{n}.png" for n in range(5)]] * 2
