"""Batches of images and masks, and the error about what cannot be read."""

from pathlib import Path

import pytest
import torch

from tests.training.data.images import truncate
from tests.training.data.masked_images import make_masked_folder
from training.data.batches import load_batches
from training.data.decode import UnreadableImageError
from training.data.mask_batches import MaskedBatch, MaskedDataset
from training.data.mask_folder import MissingMaskError, mask_path

PATHS = ("train/a/000.png", "train/b/000.png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_masked_folder(tmp_path, {"train": 1})


def load(root: Path, *, num_workers: int = 0, cached: bool = False) -> list[MaskedBatch]:
    dataset = MaskedDataset(root, PATHS, size=16, cached=cached)
    order = [[1, 0], [0]]
    device = torch.device("cpu")
    return list(load_batches(dataset, order, num_workers=num_workers, device=device))


def test_a_batch_has_the_images_with_their_masks_in_the_given_order(root: Path) -> None:
    first, second = load(root)
    assert (first.images.shape, first.images.dtype) == ((2, 3, 16, 16), torch.uint8)
    assert first.indices.tolist() == [1, 0]
    bar = first.masks == 2
    assert bar[0].any()
    assert not bar[1].any(), "images of the folder a have no bar"
    assert (first.images[:, 1][bar] > 100).all(), "the bar is green"
    assert torch.equal(second.masks[0], first.masks[1])


def test_worker_processes_and_the_cache_give_the_same(root: Path) -> None:
    expected = load(root)
    for others in (load(root, num_workers=1), load(root, cached=True)):
        for batch, other in zip(expected, others, strict=True):
            assert torch.equal(batch.images, other.images)
            assert torch.equal(batch.masks, other.masks)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_what_cannot_be_read_is_raised_from_any_process(root: Path, num_workers: int) -> None:
    truncate(root / PATHS[1])
    with pytest.raises(UnreadableImageError, match="train/b/000"):
        load(root, num_workers=num_workers)
    (root / mask_path(PATHS[0])).unlink()
    make_masked_folder(root, {"train": 1})
    (root / mask_path(PATHS[1])).unlink()
    with pytest.raises(MissingMaskError, match=r"The mask of train/b/000.png cannot be used"):
        load(root, num_workers=num_workers)
