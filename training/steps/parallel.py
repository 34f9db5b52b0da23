"""Prepares a model to be trained: by several ranks, and compiled if that is wanted."""

from collections.abc import Set as AbstractSet
from typing import cast

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from training.checkpoints.model_state import ModelState
from training.config import LoopConfig
from training.process import Process


def synchronised(state: ModelState, config: LoopConfig, process: Process) -> nn.Module:
    """The model, whose gradients the ranks exchange during the backward pass."""
    model = state.model
    if process.world_size > 1:
        _leave_out(model, state.other_names())
        on_gpu = process.device.type == "cuda"
        model = DistributedDataParallel(
            model,
            device_ids=[process.device.index] if on_gpu else None,
            # DDP regroups its gradient buckets after the first step, so that a resumed run
            # would add in another order. With this option it keeps them as they are.
            find_unused_parameters=config.deterministic,
        )
    return compiled(model, config)


def equal_on_all_ranks(state: ModelState, config: LoopConfig, process: Process) -> nn.Module:
    """The model with the trained weights of rank 0; it exchanges no gradients."""
    process.broadcast_tensors(state.tensors())
    return compiled(state.model, config)


def compiled(model: nn.Module, config: LoopConfig) -> nn.Module:
    return cast(nn.Module, torch.compile(model)) if config.compile else model


def _leave_out(model: nn.Module, names: AbstractSet[str]) -> None:
    """Every rank loads a frozen base by itself, so DDP need not send it."""
    if names:
        DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(model, names)  # noqa: SLF001
