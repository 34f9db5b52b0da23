"""The optimizers that a recipe can offer by name; all follow `lr_scale` of a group and resume exactly."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

import torch
from torch.optim import AdamW, Optimizer

from training.errors import ConfigError

Groups = Sequence[Mapping[str, Any]]
"""`params` of each, with `lr_scale` and further options of the optimizer where they differ."""


class OptimizerName(StrEnum):
    """The setting `optimizer` of a recipe."""

    ADAMW = "adamw"
    PRODIGY = "prodigy"
    """Finds the step size by itself (Mishchenko and Defazio 2023); its learning rate is 1."""
    ADAFACTOR = "adafactor"
    """Keeps sums of rows and columns instead of a second copy of the weights (Shazeer and Stern 2018)."""
    ADAMW_8BIT = "adamw8bit"
    """AdamW with a state of 8 bits (Dettmers et al. 2022); needs an NVIDIA GPU and bitsandbytes."""


def build_optimizer(
    name: OptimizerName,
    groups: Groups,
    *,
    learning_rate: float,
    weight_decay: float,
    device: torch.device,
    betas: tuple[float, float] = (0.9, 0.999),
) -> Optimizer:
    """The optimizer over `groups`. Raises ConfigError if its package is missing or `device` is unfit.

    `adafactor` has no first moment, so it takes no `betas`.
    """
    build = _BUILDERS[name]
    return build([dict(group) for group in groups], learning_rate, weight_decay, betas, device)


Builder = Callable[
    [list[dict[str, Any]], float, float, tuple[float, float], torch.device], Optimizer
]


def _adamw(
    groups: list[dict[str, Any]],
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float],
    device: torch.device,
) -> Optimizer:
    return AdamW(
        groups,
        lr=learning_rate,
        weight_decay=weight_decay,
        betas=betas,
        fused=True if device.type == "cuda" else None,
    )


def _prodigy(
    groups: list[dict[str, Any]],
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float],
    _: torch.device,
) -> Optimizer:
    _require("prodigyopt", OptimizerName.PRODIGY)
    from training.scaled_prodigy import ScaledProdigy  # noqa: PLC0415

    return ScaledProdigy(groups, lr=learning_rate, weight_decay=weight_decay, betas=betas)


def _adafactor(
    groups: list[dict[str, Any]],
    learning_rate: float,
    weight_decay: float,
    _: tuple[float, float],
    __: torch.device,
) -> Optimizer:
    _require("transformers", OptimizerName.ADAFACTOR)
    from transformers.optimization import Adafactor  # noqa: PLC0415

    # The loop sets the learning rate, and an adapter that begins at zero has no scale of its own.
    optimizer: Optimizer = Adafactor(  # type: ignore[no-untyped-call, unused-ignore]
        groups,
        lr=learning_rate,
        weight_decay=weight_decay,
        scale_parameter=False,
        relative_step=False,
        warmup_init=False,
    )
    return optimizer


def _adamw_8bit(
    groups: list[dict[str, Any]],
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float],
    device: torch.device,
) -> Optimizer:
    _require("bitsandbytes", OptimizerName.ADAMW_8BIT)
    if device.type != "cuda":
        raise ConfigError(
            f"optimizer: {OptimizerName.ADAMW_8BIT} needs an NVIDIA GPU; on a CPU use "
            f"{OptimizerName.ADAMW} or {OptimizerName.ADAFACTOR}."
        )
    optimizer: Optimizer = importlib.import_module("bitsandbytes.optim").AdamW8bit(
        groups, lr=learning_rate, weight_decay=weight_decay, betas=betas
    )
    return optimizer


_BUILDERS: Mapping[OptimizerName, Builder] = {
    OptimizerName.ADAMW: _adamw,
    OptimizerName.PRODIGY: _prodigy,
    OptimizerName.ADAFACTOR: _adafactor,
    OptimizerName.ADAMW_8BIT: _adamw_8bit,
}


def _require(package: str, name: OptimizerName) -> None:
    if find_spec(package) is None:
        raise ConfigError(
            f"optimizer: {name} needs the package {package}, which is not installed: "
            f"`pip install {package}`, or choose another optimizer."
        )
