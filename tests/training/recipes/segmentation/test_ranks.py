"""Two ranks find the same data, train as one with twice the batch, and count every image once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.data.masked_images import make_masked_folder
from tests.training.ranks import run_ranks
from tests.training.recipes.segmentation.tiny import tiny_recipe
from training.process import Process
from training.recipes.segmentation import recipe as recipe_module
from training.recipes.segmentation.data_description import content_digest
from training.recipes.segmentation.prediction import measure_overlap
from training.recipes.segmentation.recipe import SegmentationRecipe, inference_of


def _results(process: Process, argument: tuple[Path, int]) -> Mapping[str, Any]:
    """What one rank finds: starting ranks takes seconds, so they do everything at once."""
    folder, batch_size = argument
    recipe = tiny_recipe(folder, process, batch_size=batch_size)
    model = recipe.model.eval()
    with torch.inference_mode():
        overlap = measure_overlap(model, recipe._val_set, inference_of(recipe.config), process)
    return {
        "digest": content_digest(recipe._data),
        "overlap": overlap,
        "gradients": _first_gradients(recipe),
    }


def _first_gradients(recipe: SegmentationRecipe) -> list[Tensor]:
    original = recipe_module.augment_pairs
    # Mirror images, drawn per rank, are the one difference.
    recipe_module.augment_pairs = lambda images, masks, *_: (images.float() / 255, masks.long())
    try:
        recipe.train_mode(recipe.model)
        (batch,) = next(iter(recipe.batches(0)))
        recipe.training_step(recipe.model, batch).loss.backward()
    finally:
        recipe_module.augment_pairs = original
    return [p.grad for p in recipe.model.parameters() if p.grad is not None]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_masked_folder(tmp_path_factory.mktemp("data"), {"train": 8, "val": 3})


@pytest.fixture(scope="module")
def alone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    # In a process with one thread, as the two ranks: batch normalisation amplifies rounding.
    results = run_ranks(_results, (root, 6), world_size=1, folder=tmp_path_factory.mktemp("alone"))
    found: Mapping[str, Any] = results[0]
    return found


@pytest.fixture(scope="module")
def together(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Mapping[str, Any]]:
    return run_ranks(_results, (root, 3), world_size=2, folder=tmp_path_factory.mktemp("ranks"))


def test_the_ranks_find_the_same_data(
    alone: Mapping[str, Any], together: list[Mapping[str, Any]]
) -> None:
    assert [rank["digest"] for rank in together] == [alone["digest"]] * 2


def test_the_mean_gradient_of_two_ranks_is_that_of_the_whole_batch(
    alone: Mapping[str, Any], together: list[Mapping[str, Any]]
) -> None:
    shares = zip(*(rank["gradients"] for rank in together), alone["gradients"], strict=True)
    for first, second, expected in shares:
        error = (first + second) / 2 - expected
        assert error.norm() <= 0.01 * expected.norm() + 1e-6


def test_every_image_is_counted_once_in_order(
    alone: Mapping[str, Any], together: list[Mapping[str, Any]]
) -> None:
    found, expected = together[0]["overlap"], alone["overlap"]
    assert together[1]["overlap"] is None
    assert found.num_images == 6
    for name in ("hits", "truth", "predicted", "confusion"):
        assert torch.equal(getattr(found, name), getattr(expected, name)), name
    torch.testing.assert_close(found.losses, expected.losses)
