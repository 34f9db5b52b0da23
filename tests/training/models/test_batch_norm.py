"""Batch normalisation over several ranks equals that of one rank with the whole batch."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.training.ranks import run_ranks
from training.models.batch_norm import SynchronisedBatchNorm2d, synchronise_batch_norm
from training.process import Process

CHANNELS = 3


def images() -> Tensor:
    source = torch.Generator().manual_seed(0)
    scale = torch.tensor([1.0, 5.0, 0.2]).view(1, 3, 1, 1)
    return torch.randn(8, CHANNELS, 5, 4, generator=source) * scale + 2 * scale


def network() -> nn.Sequential:
    layer = nn.BatchNorm2d(CHANNELS)
    nn.init.uniform_(layer.weight, 0.5, 2, generator=torch.Generator().manual_seed(1))
    return nn.Sequential(layer, nn.Tanh())


def train_step(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    inputs = inputs.clone().requires_grad_()
    weights = torch.linspace(-1, 1, inputs.shape[-1])
    outputs = model(inputs)
    (outputs**2 * weights).sum().backward()
    assert inputs.grad is not None
    layer = model.get_submodule("0")
    return {
        "outputs": outputs.detach(),
        "inputs": inputs.grad,
        "weight": layer.weight.grad,
        "bias": layer.bias.grad,
        "running_mean": layer.running_mean,
        "running_var": layer.running_var,
    }


def _train_share(process: Process, _: Any) -> dict[str, Tensor]:
    model = synchronise_batch_norm(network(), process.device)
    assert isinstance(model.get_submodule("0"), SynchronisedBatchNorm2d)
    return train_step(model, images().chunk(process.world_size)[process.rank])


def test_two_ranks_normalise_like_one_rank_with_the_whole_batch(tmp_path: Path) -> None:
    whole = train_step(network(), images())
    first, second = run_ranks(_train_share, None, world_size=2, folder=tmp_path)
    for name in ("outputs", "inputs"):
        torch.testing.assert_close(torch.cat([first[name], second[name]]), whole[name])
    for name in ("weight", "bias"):
        torch.testing.assert_close(first[name] + second[name], whole[name])
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(first[name], whole[name])
        assert torch.equal(first[name], second[name])
