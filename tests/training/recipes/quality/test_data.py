"""The data set of the quality recipe: every image as it is, and degraded copies by the seed alone."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.training.data.images import make_folder
from tests.training.ranks import lone_process
from training.config import Split
from training.errors import ConfigError, DataError
from training.recipes.classification.config import Preset
from training.recipes.classification.data import verify_data
from training.recipes.quality.classes import CLASSES
from training.recipes.quality.config import quality_config
from training.recipes.quality.data import (
    DegradedSplit,
    find_images,
    open_degraded_split,
    with_degraded_copies,
)

SPLITS = (Split.TRAIN, Split.VAL)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of one folder of images, as no classifier could be trained on."""
    return make_folder(
        tmp_path_factory.mktemp("data"), {"train": 20, "val": 10}, classes=("everything",)
    )


def opened(root: Path, split: Split = Split.TRAIN, **settings: object) -> DegradedSplit:
    config = quality_config({"image_size": 32, **settings}, has_gpu=False)
    data = with_degraded_copies(find_images(root, SPLITS), config)
    return open_degraded_split(config, data, split)


def test_each_image_is_there_as_it_is_and_as_equally_many_copies_of_each_reason(
    root: Path,
) -> None:
    for copies in (1, 5):
        config = quality_config({"degraded_copies": copies}, has_gpu=False)
        data = with_degraded_copies(find_images(root, SPLITS), config)
        train = data.folder.splits[Split.TRAIN]
        assert data.folder.classes == CLASSES
        assert train.support(6) == [20, *[4 * copies] * 5]
        pairs = Counter(zip(train.paths, train.targets, strict=True))
        assert max(pairs.values()) == 1, "no copy twice"
        assert len({path for path, target in pairs if target == 0}) == 20


def pixels(images: DegradedSplit, index: int) -> Tensor:
    sample = images[index]
    assert isinstance(sample, tuple)
    return sample[0][0]


def test_the_copies_are_those_of_the_seed(root: Path) -> None:
    first, again, other = opened(root), opened(root), opened(root, seed=1)
    assert all(torch.equal(pixels(first, i), pixels(again, i)) for i in range(len(first)))
    assert all(torch.equal(pixels(first, i), pixels(other, i)) for i in range(20)), (
        "the gradable ones"
    )
    assert any(not torch.equal(pixels(first, i), pixels(other, i)) for i in range(20, 40))


def test_gradable_images_are_unchanged_and_copies_are_not(root: Path) -> None:
    images = opened(root)
    for index in range(20):
        (original, target), _ = images[index]
        assert target == 0
        (copy, reason), _ = images[20 + index]
        assert reason > 0
        assert copy.shape == original.shape
        assert (copy.float() - original.float()).abs().mean() > 0.5


def test_a_cached_image_is_the_same_when_it_is_read_again(root: Path) -> None:
    images = opened(root, cache_images=True, loader_workers=0)
    assert torch.equal(pixels(images, 25), pixels(images, 25))


def test_verified_data_leave_out_copies_before_the_degradation(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, {"train": 6, "val": 3}, classes=("a", "b"))
    source = folder / "val" / "a" / "000.jpg"
    (folder / "train" / "b" / "copy.jpg").write_bytes(source.read_bytes())
    config = quality_config({}, has_gpu=False)
    data = verify_data(find_images(folder, SPLITS), config, lone_process())
    assert data.learnt_copies == ("train/b/copy.jpg",)
    degraded = with_degraded_copies(data, config).folder.splits[Split.TRAIN]
    assert len(degraded) == 2 * 12


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, {"train": 2}, classes=("a",))
    with pytest.raises(DataError, match="val"):
        find_images(folder, SPLITS)


def test_no_augmentation_degrades_a_gradable_image_by_default() -> None:
    for preset in ("small", "retfound-mae"):
        config = quality_config({"preset": preset, "weights": "random"}, has_gpu=True)
        assert (config.smallest_crop, config.rand_augment_ops, config.random_erasing) == (1, 0, 0)
    assert quality_config({}, has_gpu=True).preset is Preset.SMALL
    assert quality_config({"rand_augment_ops": 1}, has_gpu=False).rand_augment_ops == 1
    with pytest.raises(ConfigError, match="taxonomy"):
        quality_config({"taxonomy": "file.yaml"}, has_gpu=False)
