"""Computes the gradients of a step from its micro-batches, averaged over the ranks."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from training.config import Precision
from training.deferred_scalars import DeferredScalars
from training.precision import autocast
from training.process import Process
from training.recipe import Recipe


class Gradients(Protocol):
    """Leaves the gradients of a step in the parameters of the model."""

    def compute(self, micro_batches: Sequence[Any], scalars: DeferredScalars) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Pass:
    """The forward and the backward pass of one micro-batch."""

    recipe: Recipe
    process: Process
    model: nn.Module
    """As it is trained: wrapped for several ranks, and compiled if that is wanted."""
    scaler: torch.amp.GradScaler
    precision: Precision

    def run(self, batch: Any, share: float) -> Mapping[str, Tensor]:
        """Add the gradients of `batch`, which makes up `share` of the step; returns its scalars."""
        with autocast(self.process.device, self.precision):
            result = self.recipe.training_step(self.model, batch)
        self.scaler.scale(result.loss * share).backward()
        return result.scalars


class SynchronisedGradients:
    """The ranks exchange gradients during the last micro-batch: the model is a DistributedDataParallel."""

    def __init__(self, one_pass: Pass) -> None:
        self._pass = one_pass

    def compute(self, micro_batches: Sequence[Any], scalars: DeferredScalars) -> None:
        share = 1 / len(micro_batches)
        for index, batch in enumerate(micro_batches, start=1):
            with self._sync(index == len(micro_batches)):
                found = self._pass.run(batch, share)
            scalars.add(found, share=share)

    def _sync(self, enabled: bool) -> AbstractContextManager[None]:
        if enabled or self._pass.process.world_size == 1:
            return nullcontext()
        return cast(AbstractContextManager[None], cast(Any, self._pass.model).no_sync())
