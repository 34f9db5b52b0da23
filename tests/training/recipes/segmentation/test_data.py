"""A data set in the documented layout is accepted; what is missing or wrong is listed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.data.images import truncate
from tests.training.data.masked_images import MASK_CLASSES, make_masked_folder, save
from tests.training.ranks import lone_process
from training.config import Split
from training.data.mask_folder import mask_path
from training.errors import DataError
from training.recipes.segmentation.config import SegmentationConfig
from training.recipes.segmentation.data import (
    SegmentationData,
    find_data,
    require_classes,
    verify_data,
)
from training.recipes.segmentation.data_description import (
    content_digest,
    data_identity,
    data_report,
    describe_dataset,
    mask_lines,
)

SPLITS = (Split.TRAIN, Split.VAL)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_masked_folder(tmp_path)


def verified(root: Path, *, splits: Sequence[Split] = SPLITS, **skip: bool) -> SegmentationData:
    return verify_data(find_data(root, splits), SegmentationConfig(**skip), lone_process())


def test_a_complete_set_is_taken_whole(root: Path) -> None:
    data = verified(root)
    assert {split: len(images) for split, images in data.folder.splits.items()} == {
        Split.TRAIN: 8,
        Split.VAL: 4,
    }
    assert data.mask_classes == MASK_CLASSES
    assert data_report(data)["masks"] == {
        "images_without_mask": 0,
        "images_with_class": {
            "train": {"Background": 8, "Square": 8, "Bar": 4},
            "val": {"Background": 4, "Square": 4, "Bar": 2},
        },
    }
    assert mask_lines(data)[1:] == ["  Square: train 8, val 4", "  Bar: train 4, val 2"]


def test_one_folder_of_images_is_enough(root: Path) -> None:
    for split in ("train", "val", "test"):
        shutil.rmtree(root / split / "b")
    assert verified(root).folder.classes == ("a",)


def test_missing_masks_are_listed_with_the_place_where_they_are_expected(root: Path) -> None:
    for name in ("000", "001"):
        (root / mask_path(f"train/a/{name}.png")).unlink()
    with pytest.raises(DataError) as raised:
        verified(root)
    message = str(raised.value)
    assert "2 images have no mask: train/a/000.png (there is none), train/a/001.png" in message
    assert "leave them out with --skip-missing-masks" in message
    assert "masks/<split>/<class>/name.png" in message


def test_images_without_a_mask_are_left_out_on_request(root: Path) -> None:
    (root / mask_path("train/a/000.png")).unlink()
    data = verified(root, skip_missing_masks=True)
    assert data.without_mask == ("train/a/000.png",)
    assert len(data.folder.splits[Split.TRAIN]) == 7
    assert data_identity(data)["the number of images without a mask that are left out"] == 1


def test_everything_that_is_wrong_is_said_at_once(root: Path) -> None:
    (root / mask_path("train/a/000.png")).unlink()
    truncate(root / "train/a/001.png")
    Image.new("L", (3, 3)).save(root / mask_path("val/b/000.png"))
    with pytest.raises(DataError) as raised:
        verified(root)
    message = str(raised.value)
    assert "1 images cannot be read: train/a/001.png" in message
    assert "1 images have no mask: train/a/000.png" in message
    assert "1 images have a mask that cannot be used: val/b/000.png (the size of its" in message


def test_a_wrong_mask_is_refused_even_if_others_may_be_left_out(root: Path) -> None:
    Image.new("L", (3, 3)).save(root / mask_path("val/b/000.png"))
    with pytest.raises(DataError, match="a mask that cannot be used"):
        verified(root, skip_missing_masks=True, skip_bad_images=True)


def test_a_split_of_which_nothing_is_left_is_refused(root: Path) -> None:
    shutil.rmtree(root / "masks" / "val")
    with pytest.raises(DataError, match="No image of the split val can be used"):
        verified(root, skip_missing_masks=True)


def test_a_mask_of_two_images_is_refused(root: Path) -> None:
    Image.open(root / "train/a/000.png").save(root / "train/a/000.jpg")
    with pytest.raises(DataError, match="masks belong to several images"):
        verified(root)


def test_images_of_train_that_are_also_in_test_are_not_trained_on(root: Path) -> None:
    shutil.copy(root / "train/a/000.png", root / "test/a/copy.png")
    data = verified(root)
    assert data.learnt_copies == ("train/a/000.png",)
    assert "train/a/000.png" not in data.folder.splits[Split.TRAIN].paths


def test_a_mask_outside_the_allowed_folders_is_refused(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "mask.png"
    mask = root / mask_path("val/b/000.png")
    mask.rename(outside)
    mask.symlink_to(outside)
    monkeypatch.setenv("FOVEA_DATA_ROOTS", str(root))
    with pytest.raises(DataError, match="leads out of the folders of FOVEA_DATA_ROOTS"):
        verified(root)


def test_a_changed_mask_is_another_data_set(root: Path) -> None:
    before = content_digest(verified(root))
    pixels = np.asarray(Image.open(root / "train/a/000.png"))
    save(root, "train/a/000.png", pixels, np.zeros(pixels.shape[:2], np.uint8))
    assert content_digest(verified(root)) != before


def test_the_record_of_a_run_names_no_file(root: Path) -> None:
    description = describe_dataset(verified(root))
    assert "000.png" not in str(description.profile) + str(description.artifacts)


def test_masks_with_other_classes_than_the_run_are_refused(root: Path) -> None:
    data = verified(root, splits=[Split.TEST])
    require_classes(data, MASK_CLASSES)
    with pytest.raises(DataError, match="the run was trained with Background, Bar, Square"):
        require_classes(data, ("Background", "Bar", "Square"))
