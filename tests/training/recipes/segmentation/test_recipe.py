"""The segmentation recipe on the loop: it learns, and resumes exactly after a kill."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.data.masked_images import MASK_CLASSES, make_masked_folder
from tests.training.ranks import lone_process
from tests.training.recipes.segmentation.tiny import tiny_recipe
from tests.training.toy import MemoryTracker
from tests.training.toy_training import Killed, _dying
from training.agreement import Agreement
from training.checkpoints.store import CheckpointStore
from training.config import Split
from training.loop import TrainingLoop
from training.null_recorders import NullConsole
from training.recipes.segmentation.prediction import OriginalMasks, measure_overlap
from training.recipes.segmentation.recipe import inference_of, masked_dataset


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_masked_folder(tmp_path_factory.mktemp("data"), {"train": 8, "val": 3})


class Trained:
    """A training to its end, or until it "dies" after some steps and only its files remain."""

    def __init__(self, root: Path, folder: Path, *, stop_after: int = 0, **settings: Any) -> None:
        store = CheckpointStore(root=folder, mirror=None, keep_last=2)
        store.open_for_writing()
        process = lone_process()
        self.tracker = MemoryTracker()
        torch.manual_seed(3)
        loop = TrainingLoop(
            recipe=tiny_recipe(root, **settings),
            process=process,
            agreement=Agreement(process, None),
            tracker=self.tracker,
            checkpoints=store,
            console=NullConsole(),
        )
        if stop_after:
            loop.recipe.batches = _dying(loop.recipe.batches, stop_after)  # type: ignore[method-assign]
        with contextlib.suppress(Killed):
            loop.run()
        self.weights = {name: value.clone() for name, value in loop.model.state_dict().items()}


def curve(tracker: MemoryTracker, name: str) -> dict[int, float]:
    return dict(tracker.points[name])


def test_a_killed_training_resumes_exactly(root: Path, tmp_path: Path) -> None:
    settings = {"epochs": 3, "checkpoint_every_steps": 3, "ema_decay": 0.9}
    undisturbed = Trained(root, tmp_path / "undisturbed", **settings)
    killed = Trained(root, tmp_path / "killed", stop_after=7, **settings)
    resumed = Trained(root, tmp_path / "killed", **settings)
    for name in ("train/loss", "val/loss", "val/dice_macro", "per_class_iou/Bar"):
        expected = curve(undisturbed.tracker, name)
        assert expected
        assert curve(killed.tracker, name) | curve(resumed.tracker, name) == expected, name
    assert min(curve(resumed.tracker, "train/loss")) == 7
    for name, value in undisturbed.weights.items():
        assert torch.equal(resumed.weights[name], value), name


def test_it_learns_what_the_masks_show(root: Path, tmp_path: Path) -> None:
    trained = Trained(root, tmp_path, epochs=12, learning_rate=5e-3)
    dice = list(curve(trained.tracker, "per_class_dice/Bar").values())
    assert dice[-1] > 0.8
    assert dice[-1] > dice[0]


def test_each_evaluation_has_a_picture_and_a_document(root: Path) -> None:
    tiny = tiny_recipe(root)
    tiny.model.eval()
    with torch.inference_mode():
        result = tiny.evaluate(tiny.model, step=1, epoch=1)
        again = tiny.evaluate(tiny.model, step=2, epoch=1)
    picture = result.images["segmentation"]
    assert (picture.dtype, picture.ndim, picture.shape[2]) == (np.uint8, 3, 3)
    assert np.array_equal(picture, again.images["segmentation"])
    assert result.document["classes"] == list(MASK_CLASSES)
    assert result.score == result.metrics["val/dice_macro"]


def test_a_resumed_step_gets_the_same_batch(root: Path) -> None:
    walked = tiny_recipe(root, vertical_flip=True).batches(0)
    for _ in range(3):
        expected = next(walked)
    jumped = next(tiny_recipe(root, vertical_flip=True).batches(2))
    assert torch.equal(jumped[0].images, expected[0].images)
    assert torch.equal(jumped[0].masks, expected[0].masks)


def test_biases_and_norms_do_not_decay(root: Path) -> None:
    groups = tiny_recipe(root).build_optimizer().param_groups
    for group in groups:
        flat = all(parameter.ndim <= 1 for parameter in group["params"])
        assert group["weight_decay"] == (0 if flat else 0.01)


def test_a_test_is_counted_in_the_sizes_of_the_masks(root: Path) -> None:
    tiny = tiny_recipe(root)
    tiny.model.eval()
    paths = tiny._data.folder.splits[Split.VAL].paths
    with torch.inference_mode():
        overlap = measure_overlap(
            tiny.model,
            masked_dataset(tiny.config, tiny._data, Split.VAL),
            inference_of(tiny.config),
            lone_process(),
            originals=OriginalMasks(root=root, paths=paths),
        )
    assert overlap is not None
    assert overlap.truth.sum(dim=1).tolist() == [40 * 48] * 6
    assert overlap.truth[:, 2].tolist() == [0] * 3 + [40 * 6] * 3
