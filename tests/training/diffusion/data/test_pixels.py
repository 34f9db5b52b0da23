"""A training sample is the part of the image and of its mask that the crop and the flip say."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.diffusion.data.captioned import picture
from training.data.decode import UnreadableImageError
from training.data.mask_folder import MaskError
from training.diffusion.data.buckets import Bucket, place_in
from training.diffusion.data.pixels import read_mask, read_pixels
from training.errors import DataError

BUCKET = Bucket(16, 8)


def gradient(path: Path, size: tuple[int, int] = (32, 8)) -> Path:
    """Brightness grows from left to right."""
    row = np.linspace(0, 255, size[0]).astype(np.uint8)
    Image.fromarray(np.tile(row, (size[1], 1))).save(path)
    return path


def test_pixels_reach_from_minus_one_to_one_and_have_the_size_of_the_bucket(tmp_path: Path) -> None:
    gradient(tmp_path / "a.png", (16, 8))
    pixels = read_pixels(tmp_path, "a.png", place_in(16, 8, BUCKET))
    assert pixels.shape == (3, 8, 16)
    assert pixels.dtype == torch.float32
    assert float(pixels.min()) == -1
    assert float(pixels.max()) == 1


def test_crop_and_flip_choose_the_part(tmp_path: Path) -> None:
    gradient(tmp_path / "a.png")
    placed = place_in(32, 8, BUCKET)
    left = read_pixels(tmp_path, "a.png", placed, crop=(0, 0))
    right = read_pixels(tmp_path, "a.png", placed, crop=(0.999, 0))
    assert float(left.max()) < float(right.min()) + 0.1
    flipped = read_pixels(tmp_path, "a.png", placed, crop=(0, 0), flip=True)
    assert torch.equal(flipped, left.flip(-1))


def test_transparency_is_white_and_exif_turns(tmp_path: Path) -> None:
    Image.new("RGBA", (16, 8), (10, 20, 30, 0)).save(tmp_path / "a.png")
    assert torch.equal(
        read_pixels(tmp_path, "a.png", place_in(16, 8, BUCKET)), torch.ones(3, 8, 16)
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(0, (8, 16)).save(tmp_path / "b.png", exif=exif)
    placed = place_in(16, 8, BUCKET)
    assert read_pixels(tmp_path, "b.png", placed).shape == (3, 8, 16)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "LA", "RGB"])
def test_images_of_every_mode_are_read(tmp_path: Path, mode: str) -> None:
    ending = "tif" if mode == "CMYK" else "png"
    if mode == "I;16":
        Image.fromarray(np.full((8, 16), 30_000, np.uint16)).save(tmp_path / "a.png")
    else:
        picture(0, (16, 8)).convert("L").convert(mode).save(tmp_path / f"a.{ending}")
    pixels = read_pixels(tmp_path, f"a.{ending}", place_in(16, 8, BUCKET))
    assert pixels.shape == (3, 8, 16)
    assert torch.isfinite(pixels).all()


def test_an_image_that_changed_or_is_gone_is_an_error(tmp_path: Path) -> None:
    gradient(tmp_path / "a.png")
    with pytest.raises(DataError, match="has changed while the training ran"):
        read_pixels(tmp_path, "a.png", place_in(16, 8, BUCKET))
    with pytest.raises(UnreadableImageError):
        read_pixels(tmp_path, "gone.png", place_in(16, 8, BUCKET))


def test_a_mask_follows_its_image_and_a_missing_one_counts_whole(tmp_path: Path) -> None:
    levels = np.zeros((8, 32), np.uint8)
    levels[:, :16] = 255
    Image.fromarray(levels).save(tmp_path / "a.mask.png")
    placed, mask = place_in(32, 8, BUCKET), tmp_path / "a.mask.png"
    whole = read_mask(mask, "a.png", placed, (2, 4), crop=(0, 0))
    assert torch.equal(whole, torch.ones(1, 2, 4))
    half = read_mask(mask, "a.png", placed, (2, 4), crop=(0.5, 0))
    assert half[0, 0].tolist() == pytest.approx([1, 1, 0, 0], abs=0.15)
    flipped = read_mask(mask, "a.png", placed, (2, 4), crop=(0.5, 0), flip=True)
    assert torch.equal(flipped, half.flip(-1))
    assert torch.equal(read_mask(None, "a.png", placed, (2, 4)), torch.ones(1, 2, 4))


def test_a_broken_mask_is_named_by_its_image(tmp_path: Path) -> None:
    (tmp_path / "a.mask.png").write_bytes(b"no image")
    with pytest.raises(MaskError, match=r"The mask of a.png cannot be used"):
        read_mask(tmp_path / "a.mask.png", "a.png", place_in(32, 8, BUCKET), (2, 4))
