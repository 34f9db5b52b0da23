"""Each optimizer follows the scale of a group and resumes bit for bit; a missing package is named."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from tests.training.toy import ToyRecipe
from tests.training.toy_training import train
from training.checkpoints.optimizer_state import load_optimizer, optimizer_state
from training.errors import ConfigError
from training.optimizers import OptimizerName, build_optimizer

CPU = torch.device("cpu")
ON_CPU = [OptimizerName.ADAMW, OptimizerName.PRODIGY, OptimizerName.ADAFACTOR]
SETTINGS: dict[str, Any] = {
    "epochs": 3,
    "dropout": 0.3,
    "checkpoint_every_steps": 4,
    "deterministic": True,
}


def toy_with(name: OptimizerName) -> type[ToyRecipe]:
    class OptimizedToy(ToyRecipe):
        def build_optimizer(self) -> Optimizer:
            first, second = self.model[0], self.model[3]
            groups = [
                {"params": list(first.parameters()), "lr_scale": 0.3},
                {"params": list(second.parameters()), "weight_decay": 0.0},
            ]
            return build_optimizer(name, groups, learning_rate=0.01, weight_decay=0.1, device=CPU)

    return OptimizedToy


@pytest.mark.parametrize("name", ON_CPU)
def test_a_killed_training_resumes_bit_for_bit(tmp_path: Path, name: OptimizerName) -> None:
    toy = toy_with(name)
    undisturbed = train(tmp_path / "undisturbed", recipe_class=toy, **SETTINGS)
    train(tmp_path / "killed", recipe_class=toy, **SETTINGS, stop_after=7)
    resumed = train(tmp_path / "killed", recipe_class=toy, **SETTINGS)
    for key, tensor in undisturbed.weights.items():
        assert torch.equal(resumed.weights[key], tensor), key


def stepped(name: OptimizerName, scale: float, *, num_steps: int = 3) -> torch.Tensor:
    """The way of a weight whose group has that `lr_scale`, beside one without."""
    scaled = nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 3.0]]))
    other = nn.Parameter(torch.ones(3))
    groups: list[dict[str, Any]] = [
        {"params": [scaled], "lr_scale": scale},
        {"params": [other]},
    ]
    optimizer = build_optimizer(name, groups, learning_rate=0.3, weight_decay=0.0, device=CPU)
    before = scaled.detach().clone()
    for step in range(num_steps):
        for group in optimizer.param_groups:
            group["lr"] = 0.3 / (step + 1) * group.get("lr_scale", 1.0)
        scaled.grad = torch.full_like(scaled, 0.1)
        other.grad = torch.full_like(other, 0.1)
        optimizer.step()
        assert [group["lr"] for group in optimizer.param_groups] == [
            0.3 / (step + 1) * scale,
            0.3 / (step + 1),
        ]
    assert not torch.equal(other, torch.ones(3))
    return scaled.detach() - before


@pytest.mark.parametrize("name", ON_CPU)
def test_a_group_moves_by_its_scale(name: OptimizerName) -> None:
    torch.testing.assert_close(
        stepped(name, 0.3, num_steps=1), 0.3 * stepped(name, 1.0, num_steps=1)
    )
    assert torch.equal(stepped(name, 0.0), torch.zeros(2, 2))
    assert 0 < stepped(name, 0.3).norm() < stepped(name, 1.0).norm()


@pytest.mark.parametrize("name", ON_CPU)
def test_a_state_that_is_more_precise_than_the_weights_stays_so(name: OptimizerName) -> None:
    def training() -> tuple[nn.Parameter, Optimizer]:
        weight = nn.Parameter(torch.linspace(-1, 1, 12).view(3, 4).to(torch.bfloat16))
        groups = [{"params": [weight]}]
        return weight, build_optimizer(
            name, groups, learning_rate=0.05, weight_decay=0.0, device=CPU
        )

    weight, optimizer = training()
    for _ in range(3):
        weight.grad = torch.linspace(1, 2, 12).view(3, 4).to(torch.bfloat16)
        optimizer.step()
    again, restored = training()
    load_optimizer(restored, copy.deepcopy(optimizer_state(optimizer)))
    expected, found = optimizer.state[weight], restored.state[again]
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        if isinstance(value, torch.Tensor):
            assert found[key].dtype == value.dtype, key
        assert torch.equal(torch.as_tensor(found[key]), torch.as_tensor(value)), key


def test_a_missing_package_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.optimizers.find_spec", lambda _: None)
    groups = [{"params": [nn.Parameter(torch.ones(1))]}]
    for name, package in [
        (OptimizerName.ADAMW_8BIT, "bitsandbytes"),
        (OptimizerName.PRODIGY, "prodigyopt"),
        (OptimizerName.ADAFACTOR, "transformers"),
    ]:
        with pytest.raises(ConfigError, match=f"{name} needs the package {package}.*pip install"):
            build_optimizer(name, groups, learning_rate=1, weight_decay=0, device=CPU)


def test_eight_bits_need_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.optimizers.find_spec", lambda _: object())
    groups = [{"params": [nn.Parameter(torch.ones(1))]}]
    with pytest.raises(ConfigError, match="adamw8bit needs an NVIDIA GPU; on a CPU use adamw"):
        build_optimizer(
            OptimizerName.ADAMW_8BIT, groups, learning_rate=1, weight_decay=0, device=CPU
        )
