"""The evidence of the best checkpoint at the end of a training, on one rank and on two."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.data.images import make_folder
from tests.training.ranks import lone_process, run_ranks
from tests.training.toy import ToyRecipe
from training.checkpoints.store import CheckpointStore
from training.config import LoopConfig, Split
from training.evidence.best_model import fit_best_evidence
from training.evidence.outputs import FittedEvidence
from training.process import Process
from training.recipes.classification.recipe import ClassifierRecipe
from training.recipes.retinal.config import retinal_config
from training.recipes.retinal.data import find_data

TINY = {"preset": "small", "backbone": "test_resnet", "image_size": 32, "batch_size": 2}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with 21 validation images, and the checkpoint of another seed as the best one."""
    folder = tmp_path_factory.mktemp("run")
    make_folder(folder / "data", {"train": 2, "val": 7})
    store = _store(folder)
    store.open_for_writing()
    other = _recipe(lone_process(), folder, seed=1).model.state_dict()
    store.save({"model": other}, {}, step=3, is_best=True)
    return folder


def _store(folder: Path) -> CheckpointStore:
    return CheckpointStore(root=folder / "checkpoints", mirror=None, keep_last=2)


def _recipe(process: Process, folder: Path, *, seed: int = 0) -> ClassifierRecipe:
    config = retinal_config({**TINY, "data": str(folder / "data"), "seed": seed}, has_gpu=False)
    data = find_data(config, folder / "data", (Split.TRAIN, Split.VAL))
    return ClassifierRecipe(config, data, process, name="retinal")


def _fitted(process: Process, folder: Path) -> FittedEvidence | None:
    return fit_best_evidence(_recipe(process, folder), _store(folder), process)


def _fitted_with_a_failure(process: Process, folder: Path) -> FittedEvidence | None:
    recipe = _recipe(process, folder)
    if process.rank == 1:
        recipe.model.forward_features = _fail  # type: ignore[assignment]
    return fit_best_evidence(recipe, _store(folder), process)


def _fail(_: Any) -> None:
    raise RuntimeError("out of memory with /data/Smith_Jane.png")


def test_two_ranks_fit_the_evidence_that_one_fits(root: Path, tmp_path: Path) -> None:
    # In a process with one thread, as the two ranks: an inverse amplifies rounding.
    (alone,) = run_ranks(_fitted, root, world_size=1, folder=tmp_path)
    together, other = run_ranks(_fitted, root, world_size=2, folder=tmp_path)
    assert alone is not None
    assert other is None
    assert alone.evidence.num_samples == 21
    assert alone.evidence.features is not None
    for name, tensor in alone.statistics.items():
        assert (together.statistics[name] - tensor).norm() <= 1e-3 * tensor.norm()
    first, second = alone.evidence, together.evidence
    assert second.temperature == pytest.approx(first.temperature, rel=1e-3)
    assert second.features is not None
    assert second.features.num_samples == alone.evidence.features.num_samples
    assert second.features.threshold == pytest.approx(alone.evidence.features.threshold, rel=0.01)


def test_the_evidence_is_that_of_the_best_checkpoint(root: Path) -> None:
    fitted = _fitted(lone_process(), root)
    best = _recipe(lone_process(), root, seed=1)
    best.model.eval()
    expected = best.evidence(best.model)
    assert fitted is not None
    assert expected is not None
    assert fitted.evidence == expected.evidence


def test_a_rank_that_fails_leaves_no_other_waiting(root: Path, tmp_path: Path) -> None:
    main, _ = run_ranks(_fitted_with_a_failure, root, world_size=2, folder=tmp_path)
    assert main.evidence.missing == ("No evidence: the fit failed (TrainingError).",)
    assert main.statistics == {}


def test_an_unreadable_checkpoint_is_said(root: Path, tmp_path: Path) -> None:
    store = CheckpointStore(root=tmp_path, mirror=None, keep_last=2)
    recipe = _recipe(lone_process(), root)
    none = fit_best_evidence(recipe, store, lone_process())
    assert none is not None
    assert none.evidence.missing == (
        "No evidence: no evaluation was made, so there is no best model.",
    )
    store.save({"model": {"other": torch.zeros(1)}}, {}, step=1, is_best=True)
    damaged = fit_best_evidence(recipe, store, lone_process())
    assert damaged is not None
    assert "the best model could not be read (CheckpointError)" in damaged.evidence.missing[0]


def test_a_recipe_without_evidence_says_so(tmp_path: Path) -> None:
    toy = ToyRecipe(LoopConfig(), lone_process(), batch_size=8)
    fitted = fit_best_evidence(toy, _store(tmp_path), lone_process())
    assert fitted is not None
    assert fitted.evidence.missing == ("No evidence: the recipe of the model fits none.",)
