"""Decoding gives images of one size from files of any shape, and names damaged files."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.data.images import make_folder, truncate
from training.data.batches import load_batches
from training.data.decode import UnreadableImageError, decode_image
from training.data.framing import Framing
from training.data.image_batches import ImageDataset
from training.data.image_folder import ImageSplit
from training.data.inspection import inspect_images


def save(path: Path, pixels: np.ndarray, **options: object) -> str:
    Image.fromarray(pixels).save(path, **options)
    return path.name


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize("shape", [(30, 90, 3), (90, 30, 3), (500, 400, 3), (40, 40)])
def test_an_image_of_any_shape_becomes_a_uint8_square(
    tmp_path: Path, framing: Framing, shape: tuple[int, ...]
) -> None:
    name = save(tmp_path / "a.jpg", np.full(shape, 128, np.uint8))
    image = decode_image(tmp_path, name, 32, framing)
    assert image.shape == (3, 32, 32)
    assert image.dtype == torch.uint8
    assert abs(int(image.float().mean()) - 128) <= 1


def test_cropping_keeps_the_centre_and_stretching_keeps_the_whole_image(tmp_path: Path) -> None:
    pixels = np.zeros((40, 120, 3), np.uint8)
    pixels[:, :40] = 255
    name = save(tmp_path / "a.png", pixels)
    assert decode_image(tmp_path, name, 32, Framing.CROP)[:, :, 4:].max() == 0
    stretched = decode_image(tmp_path, name, 30, Framing.STRETCH)
    assert stretched[:, :, :8].min() == 255
    assert stretched[:, :, 14:].max() == 0


def test_sixteen_bit_greyscale_keeps_its_relative_brightness(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)
    name = save(tmp_path / "oct.png", np.tile(ramp, (64, 1)))
    row = decode_image(tmp_path, name, 64, Framing.STRETCH)[0, 0].int()
    assert row[0] == 0
    assert row[-1] == 255
    assert 120 < int(row[32]) < 136


def test_a_truncated_image_is_named_without_the_root_folder(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    path = "train/Fundus_RAO/001.jpg"
    truncate(root / path)
    with pytest.raises(
        UnreadableImageError, match=r"The image train/Fundus_RAO/001\.jpg"
    ) as caught:
        decode_image(root, path, 32, Framing.CROP)
    assert str(tmp_path) not in str(caught.value)
    assert "--skip-bad-images" in str(caught.value)


def test_the_error_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(UnreadableImageError("a.jpg", "truncated")))
    assert (error.path, error.reason) == ("a.jpg", "truncated")


def test_inspection_finds_exactly_the_unreadable_images(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    (root / "train/Fundus_RAO/000.jpg").write_bytes(b"no image")
    truncate(root / "val/OCT_Normal/001.jpg")
    (root / "val/OCT_Normal/000.jpg").write_bytes(b"")
    paths = [str(path.relative_to(root)) for path in sorted(root.rglob("*.jpg"))]
    inspected = list(inspect_images(root, paths, num_threads=4))
    assert [item.path for item in inspected] == paths
    found = [item.path for item in inspected if isinstance(item, UnreadableImageError)]
    assert found == [
        "train/Fundus_RAO/000.jpg",
        "val/OCT_Normal/000.jpg",
        "val/OCT_Normal/001.jpg",
    ]


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("cached", [False, True])
def test_batches_come_in_order_and_an_unreadable_image_raises_its_error(
    tmp_path: Path, num_workers: int, cached: bool
) -> None:
    root = make_folder(tmp_path)
    paths = tuple(str(path.relative_to(root)) for path in sorted((root / "train").rglob("*.jpg")))
    split = ImageSplit(paths=paths, targets=tuple(range(len(paths))))
    dataset = ImageDataset(root, split, size=16, framing=Framing.CROP, cached=cached)
    order = [[3, 1], [0, 2], [3, 5], [7, 6]]
    truncate(root / paths[7])
    batches = load_batches(dataset, order, num_workers=num_workers, device=torch.device("cpu"))
    first = next(batches)
    assert first.indices.tolist() == [3, 1]
    assert first.targets.tolist() == [3, 1]
    assert torch.equal(first.images[0], decode_image(root, paths[3], 16, Framing.CROP))
    assert [next(batches).indices.tolist() for _ in range(2)] == order[1:3]
    with pytest.raises(UnreadableImageError, match=paths[7]):
        next(batches)
