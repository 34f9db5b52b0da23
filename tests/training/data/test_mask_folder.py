"""Masks are found beside their images, and what is wrong with one is said."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.data.images import truncate
from tests.training.data.masked_images import MASK_CLASSES, make_masked_folder
from training.data.mask_folder import (
    CLASSES_FILE,
    IGNORED,
    MASKS,
    MaskError,
    MaskFacts,
    MissingMaskError,
    decode_mask,
    inspect_masks,
    mask_path,
    read_mask_classes,
)
from training.errors import DataError

IMAGE = "train/b/000.png"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_masked_folder(tmp_path, {"train": 1})


def inspect(root: Path, path: str = IMAGE) -> MaskFacts | MaskError:
    (found,) = inspect_masks(root, [path], len(MASK_CLASSES))
    return found


def replace_mask(root: Path, mask: Image.Image, **options: object) -> None:
    mask.save(root / mask_path(IMAGE), **options)


def test_the_mask_of_an_image_has_its_path_below_masks() -> None:
    assert mask_path("val/OCT_Normal/eye.v2.JPG") == "masks/val/OCT_Normal/eye.v2.png"


def test_the_levels_of_a_mask_are_found(root: Path) -> None:
    facts = inspect(root)
    assert isinstance(facts, MaskFacts)
    assert facts.levels == (0, 1, 2)


def test_ignored_pixels_are_allowed(root: Path) -> None:
    replace_mask(root, Image.new("L", (48, 40), IGNORED))
    facts = inspect(root)
    assert isinstance(facts, MaskFacts)
    assert facts.levels == (IGNORED,)


def test_a_palette_keeps_its_indices_as_levels(root: Path) -> None:
    mask = Image.new("P", (48, 40), 2)
    mask.putpalette([0, 0, 0, 9, 9, 9, 255, 0, 0])
    replace_mask(root, mask)
    assert decode_mask(root, IMAGE, 8).unique().tolist() == [2]


def test_another_mask_has_another_digest(root: Path) -> None:
    before = inspect(root)
    replace_mask(root, Image.new("L", (48, 40), 1))
    after = inspect(root)
    assert isinstance(before, MaskFacts)
    assert isinstance(after, MaskFacts)
    assert before.digest != after.digest


def test_the_mask_of_a_turned_photograph_has_the_size_of_the_upright_one(tmp_path: Path) -> None:
    root = make_masked_folder(tmp_path, {"train": 1})
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (48, 40)).save(root / "train/b/turned.jpg", exif=exif)
    Image.new("L", (40, 48)).save(root / mask_path("train/b/turned.jpg"))
    assert isinstance(inspect(root, "train/b/turned.jpg"), MaskFacts)
    Image.new("L", (48, 40)).save(root / mask_path("train/b/turned.jpg"))
    assert isinstance(inspect(root, "train/b/turned.jpg"), MaskError)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (Image.new("L", (40, 48)), "48 x 40, was expected, and 40 x 48 came"),
        (Image.new("L", (48, 40), 3), "levels 0 to 2 or 255 were expected, and 3 came"),
        (Image.new("RGB", (48, 40)), "a PNG of 8 bits was expected, and a PNG of mode RGB came"),
        (Image.fromarray(np.zeros((40, 48), np.uint16)), "mode I;16 came"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused_with_the_reason(
    root: Path, mask: Image.Image, reason: str
) -> None:
    replace_mask(root, mask)
    error = inspect(root)
    assert isinstance(error, MaskError)
    assert reason in error.reason


def test_a_damaged_mask_is_refused(root: Path) -> None:
    truncate(root / mask_path(IMAGE))
    error = inspect(root)
    assert isinstance(error, MaskError)
    assert error.reason == "it is no readable PNG"


def test_a_missing_mask_is_an_error_of_its_own(root: Path) -> None:
    (root / mask_path(IMAGE)).unlink()
    assert isinstance(inspect(root), MissingMaskError)


def test_a_pipe_in_place_of_a_mask_is_not_waited_for(root: Path) -> None:
    (root / mask_path(IMAGE)).unlink()
    os.mkfifo(root / mask_path(IMAGE))
    error = inspect(root)
    assert isinstance(error, MaskError)
    assert error.reason == "it cannot be read"


def test_the_names_of_the_levels_are_read(root: Path) -> None:
    assert read_mask_classes(root) == MASK_CLASSES


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "damaged"),
        ("[]", "damaged"),
        ('{"classes": ["Background"]}', "at least 2"),
        ('{"classes": ["Background", "Vessel", "Vessel"]}', "each name once"),
        ('{"classes": ["Background", "a/b"]}', "expected only letters"),
    ],
)
def test_damaged_names_are_refused(root: Path, content: str, reason: str) -> None:
    (root / MASKS / CLASSES_FILE).write_text(content)
    with pytest.raises(DataError, match=reason):
        read_mask_classes(root)


def test_a_folder_without_masks_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There are no masks: .*masks.json cannot be read"):
        read_mask_classes(tmp_path)
