"""A recipe that trains a part of its model: checkpoints, averages and ranks handle that part alone."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.optim import SGD, AdamW, Optimizer

from tests.training.ranks import lone_process, run_ranks
from tests.training.steps.able_toys import PartToy
from tests.training.toy import ToyRecipe
from tests.training.toy_training import Trained, train
from training.checkpoints.checkpoint import read_checkpoint
from training.checkpoints.model_state import ModelState
from training.config import LoopConfig
from training.errors import CheckpointError, ConfigError
from training.process import Process
from training.steps.average import PartAverage, WholeAverage

SETTINGS: dict[str, Any] = {
    "epochs": 3,
    "dropout": 0.3,
    "ema_decay": 0.9,
    "clip_norm": 0.1,
    "checkpoint_every_steps": 4,
    "deterministic": True,
}


def train_part(root: Path, recipe_class: type[ToyRecipe] = PartToy, **more: Any) -> Trained:
    return train(root, recipe_class=recipe_class, **SETTINGS | more)


def test_a_checkpoint_has_the_trained_weights_alone(tmp_path: Path) -> None:
    trained = train_part(tmp_path)
    tensors = read_checkpoint(trained.store.path("step_0000000018")).tensors
    assert {name: set(group) for name, group in tensors.items()} == {
        "model": {"3.weight", "3.bias"},
        "ema": {"3.weight", "3.bias"},
    }
    assert torch.equal(tensors["model"]["3.weight"], trained.weights["3.weight"])


@pytest.mark.parametrize("stop_after", [3, 6, 13])
def test_it_resumes_bit_for_bit(tmp_path: Path, stop_after: int) -> None:
    undisturbed = train_part(tmp_path / "undisturbed")
    train_part(tmp_path / "killed", stop_after=stop_after)
    resumed = train_part(tmp_path / "killed")
    for name, tensor in undisturbed.weights.items():
        assert torch.equal(resumed.weights[name], tensor), name
    assert resumed.outcome == undisturbed.outcome, "the averaged weights score the same"


def test_the_average_of_a_part_scores_as_that_of_the_whole_model(tmp_path: Path) -> None:
    class FrozenToy(ToyRecipe):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.model[0].requires_grad_(False)

    part, whole = train_part(tmp_path / "part"), train_part(tmp_path / "whole", FrozenToy)
    assert part.outcome == whole.outcome
    for name, tensor in whole.weights.items():
        assert torch.equal(part.weights[name], tensor), name


def test_narrow_weights_are_averaged_in_float32() -> None:
    model = torch.nn.Linear(2, 1).to(torch.bfloat16)
    average = PartAverage(ModelState(model, ["weight", "bias"]), 0.9999)
    average.update()
    start = average.tensors()["weight"].clone()
    with torch.no_grad():
        model.weight += 1
    average.update()
    moved = average.tensors()["weight"] - start
    torch.testing.assert_close(moved, torch.full_like(moved, 1e-4), rtol=0.05, atol=0)


def test_the_averaged_weights_are_lent_and_given_back_also_after_an_error() -> None:
    model = torch.nn.Linear(2, 1)
    for average in (
        PartAverage(ModelState(model, ["weight", "bias"]), 0.5),
        WholeAverage(model, 0.5),
    ):
        average.update()
        before = model.weight.detach().clone()
        with torch.no_grad():
            model.weight += 1
        with pytest.raises(KeyError), average.evaluated() as evaluated:
            _expect_and_fail(evaluated, before)
        assert torch.equal(model.weight, before + 1)


def _expect_and_fail(model: torch.nn.Module, weights: torch.Tensor) -> None:
    assert torch.equal(model.get_parameter("weight"), weights)
    raise KeyError


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "trains no weights at all"),
        (
            ("3.weight",),
            "trains weights that it does not name: 3.bias: a checkpoint would lack them",
        ),
        (("3.weight", "3.bias", "lora"), "names trained weights that its model has not: lora"),
    ],
)
def test_wrong_names_are_refused(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    class WrongToy(PartToy):
        trained_names = names

    with pytest.raises(ConfigError, match=message):
        train_part(tmp_path, WrongToy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": None}, "lacks weights of this model: weight"),
        ({"lora": torch.ones(1)}, "has weights that this model has not: lora"),
        (
            {"weight": torch.ones(2, 2)},
            r"has weights of another shape: weight \[2, 2\] instead of \[1, 2\]",
        ),
    ],
)
@pytest.mark.parametrize("names", [None, ["weight", "bias"]])
def test_weights_that_do_not_fit_are_refused_and_change_nothing(
    names: list[str] | None, change: dict[str, torch.Tensor | None], message: str
) -> None:
    model = torch.nn.Linear(2, 1)
    state = ModelState(model, names)
    before = {name: tensor.clone() for name, tensor in state.tensors().items()}
    changed = {name: tensor + 1 for name, tensor in before.items()} | change
    given = {name: tensor for name, tensor in changed.items() if tensor is not None}
    with pytest.raises(CheckpointError, match=message):
        state.load(given)
    for name, tensor in state.tensors().items():
        assert torch.equal(tensor, before[name])


class OtherOptimizer(PartToy):
    def build_optimizer(self) -> Optimizer:
        return SGD([each for each in self.model.parameters() if each.requires_grad], lr=0.01)


class OtherGroups(PartToy):
    def build_optimizer(self) -> Optimizer:
        return AdamW([self.model.get_parameter("3.weight")], lr=0.01)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (OtherOptimizer, "is of AdamW, but this training uses SGD"),
        (OtherGroups, "is of weights of other numbers or shapes"),
    ],
)
def test_the_state_of_another_optimizer_is_refused(
    tmp_path: Path, other: type[ToyRecipe], message: str
) -> None:
    train_part(tmp_path, stop_after=5)
    with pytest.raises(CheckpointError, match=message):
        train_part(tmp_path, other)


def test_a_checkpoint_without_averages_is_refused_if_they_are_wanted(tmp_path: Path) -> None:
    train_part(tmp_path, stop_after=5, ema_decay=0.0)
    with pytest.raises(CheckpointError, match="has no averaged weights"):
        train_part(tmp_path)


def _train_on_rank(process: Process, root: Path) -> Any:
    sent: list[str] = []

    class WatchedToy(PartToy):
        def train_mode(self, model: torch.nn.Module) -> None:
            super().train_mode(model)
            ignored: set[str] = getattr(model, "parameters_to_ignore", set())
            sent[:] = [name for name, _ in self.model.named_parameters() if name not in ignored]

    trained = train(
        root, process, recipe_class=WatchedToy, **SETTINGS | {"batch_size": 4, "dropout": 0.0}
    )
    return trained.weights, sent


def test_two_ranks_exchange_the_trained_weights_alone(tmp_path: Path) -> None:
    ranks = run_ranks(_train_on_rank, tmp_path / "run", world_size=2, folder=tmp_path)
    alone = train_part(tmp_path / "alone", dropout=0.0)
    for weights, sent in ranks:
        assert sent == ["3.weight", "3.bias"]
        for name, tensor in alone.weights.items():
            torch.testing.assert_close(weights[name], tensor, rtol=1e-5, atol=1e-6)


def test_a_frozen_part_has_no_gradient_and_no_copy() -> None:
    recipe = PartToy(LoopConfig(), lone_process(), batch_size=8)
    state = ModelState(recipe.model, recipe.trained_names)
    assert set(PartAverage(state, 0.9).tensors()) == {"3.weight", "3.bias"}
    assert state.other_names() == {"0.weight", "0.bias"}
