"""Which folders are valid data sets, and the errors for those that are not."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.training.data.images import CLASSES, make_folder
from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.data.image_folder import (
    ImageFolder,
    image_folder,
    list_images,
    training_classes,
)
from training.errors import DataError

TRAIN_AND_VAL = (Split.TRAIN, Split.VAL)


def scan_image_folder(root: Path, splits: tuple[Split, ...], classes: Sequence[str]) -> ImageFolder:
    listings = list_images(root, splits, DataRoots(None))
    return image_folder(root, listings, splits, classes, training_classes(root, listings))


def test_images_are_listed_with_their_class_index(tmp_path: Path) -> None:
    folder = scan_image_folder(make_folder(tmp_path), TRAIN_AND_VAL, CLASSES)
    train = folder.splits[Split.TRAIN]
    assert len(train) == 12
    assert train.paths[4] == "train/Fundus_RAO/000.jpg"
    assert train.targets[4] == 1
    assert train.support(3) == [4, 4, 4]


def test_targets_are_indices_into_the_taxonomys_classes(tmp_path: Path) -> None:
    order = ("OCT_Normal", "Fundus_RAO", "Fundus_Normal", "Fundus_Absent")
    folder = scan_image_folder(make_folder(tmp_path), TRAIN_AND_VAL, order)
    assert folder.splits[Split.TRAIN].targets[0] == 2
    assert folder.splits[Split.VAL].support(4) == [2, 2, 2, 0]


def test_a_missing_folder_or_split_and_an_empty_split_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no data folder"):
        scan_image_folder(tmp_path / "missing", TRAIN_AND_VAL, CLASSES)
    root = make_folder(tmp_path / "data", {"train": 2})
    with pytest.raises(DataError, match="The split val is missing"):
        scan_image_folder(root, TRAIN_AND_VAL, CLASSES)
    (root / "val" / CLASSES[0]).mkdir(parents=True)
    with pytest.raises(DataError, match="The split val is empty"):
        scan_image_folder(root, TRAIN_AND_VAL, CLASSES)


def test_a_class_of_val_that_is_not_in_train_is_refused(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    (root / "val" / "Fundus_CNV").mkdir()
    with pytest.raises(DataError, match="classes that are not in the split train: Fundus_CNV"):
        scan_image_folder(root, TRAIN_AND_VAL, CLASSES)


def test_a_class_that_is_empty_in_train_is_none_unless_val_has_images_of_it(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    (root / "train" / "Fundus_CNV").mkdir()
    (root / "val" / "Fundus_CNV").mkdir()
    assert scan_image_folder(root, TRAIN_AND_VAL, CLASSES).num_images == 18
    (root / "val" / CLASSES[0] / "000.jpg").rename(root / "val" / "Fundus_CNV" / "000.jpg")
    with pytest.raises(DataError, match="classes that are not in the split train: Fundus_CNV"):
        scan_image_folder(root, TRAIN_AND_VAL, CLASSES)


def test_a_class_that_is_not_in_the_taxonomy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="that are not in the taxonomy: OCT_Normal"):
        scan_image_folder(make_folder(tmp_path), TRAIN_AND_VAL, CLASSES[:2])


def test_a_data_set_of_one_class_is_refused(tmp_path: Path) -> None:
    root = make_folder(tmp_path, classes=CLASSES[:1])
    with pytest.raises(DataError, match="at least 2 are needed"):
        scan_image_folder(root, TRAIN_AND_VAL, CLASSES[:1])


def test_the_digest_changes_with_the_files(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    before = scan_image_folder(root, TRAIN_AND_VAL, CLASSES).digest
    assert scan_image_folder(root, TRAIN_AND_VAL, CLASSES).digest == before
    (root / "train" / CLASSES[0] / "000.jpg").unlink()
    assert scan_image_folder(root, TRAIN_AND_VAL, CLASSES).digest != before


def test_excluding_every_image_of_a_split_is_refused(tmp_path: Path) -> None:
    folder = scan_image_folder(make_folder(tmp_path), TRAIN_AND_VAL, CLASSES)
    with pytest.raises(DataError, match="Every image of the split val"):
        folder.without(folder.splits[Split.VAL].paths)


def test_hidden_files_and_other_file_types_are_ignored(tmp_path: Path) -> None:
    root = make_folder(tmp_path)
    (root / "train" / CLASSES[0] / ".hidden.jpg").write_bytes(b"")
    (root / "train" / CLASSES[0] / "notes.txt").write_text("")
    (root / "train" / ".cache").mkdir()
    assert len(scan_image_folder(root, TRAIN_AND_VAL, CLASSES).splits[Split.TRAIN]) == 12
