"""Computes gradients in micro-batches that are halved, on all ranks at once, until they fit into memory."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from training.agreement import Agreement
from training.deferred_scalars import DeferredScalars
from training.errors import TrainingError
from training.memory_exhaustion import free_cached_memory, is_memory_exhausted
from training.random_state import capture_random_state, restore_random_state
from training.recipe_abilities import SplittableRecipe
from training.steps.gradients import Pass
from training.steps.rank_average import average_gradients, has_gradient

logger = logging.getLogger(__name__)

FITS, TOO_LARGE, INDIVISIBLE = range(3)
"""What a rank says of its attempt; the largest of all ranks counts."""

Part = tuple[Any, float]
"""A piece of a micro-batch, and its share of the step."""


class MemoryExhaustedError(TrainingError):
    """A single sample does not fit into the memory of an accelerator."""


class FittingGradients:
    """A step is attempted again, with the same samples and random numbers, in halved micro-batches.

    The ranks exchange gradients only when all of them have computed theirs: none waits for one that
    has failed.
    """

    def __init__(
        self,
        one_pass: Pass,
        recipe: SplittableRecipe,
        agreement: Agreement,
        on_halved: Callable[[int], None],
    ) -> None:
        """`on_halved` is told the most samples that are computed at once from then on."""
        self._pass = one_pass
        self._recipe = recipe
        self._agreement = agreement
        self._on_halved = on_halved
        self._parameters: list[nn.Parameter] = [
            each for each in one_pass.model.parameters() if each.requires_grad
        ]
        self._num_halvings = 0
        self.most_samples = 0
        """The most samples that the last step has computed at once."""

    def compute(self, micro_batches: Sequence[Any], scalars: DeferredScalars) -> None:
        """Raises MemoryExhaustedError, on every rank, if a single sample does not fit."""
        before = capture_random_state()
        used = None
        while used is None:
            parts = self._parts(micro_batches)
            self.most_samples = max(self._recipe.num_samples(batch) for batch, _ in parts)
            found = self._attempt(parts)
            used = self._agree(found is not None)
            if used is None:
                self._begin_again(before)
        for values, share in found or ():
            scalars.add(values, share=share)
        if self._pass.process.world_size > 1:
            average_gradients(self._parameters, used, world_size=self._pass.process.world_size)

    def state_dict(self) -> Mapping[str, Any]:
        return {"num_halvings": self._num_halvings}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._num_halvings = state["num_halvings"]

    def _parts(self, micro_batches: Sequence[Any]) -> list[Part]:
        parts = [(batch, 1 / len(micro_batches)) for batch in micro_batches]
        for _ in range(self._num_halvings):
            parts = [half for part in parts for half in self._halves(*part)]
        return parts

    def _halves(self, batch: Any, share: float) -> list[Part]:
        num_samples = self._recipe.num_samples(batch)
        if num_samples == 1:
            return [(batch, share)]
        halves = self._recipe.split(batch)
        return [(half, share * self._recipe.num_samples(half) / num_samples) for half in halves]

    def _attempt(self, parts: Sequence[Part]) -> list[tuple[Mapping[str, Tensor], float]] | None:
        """The scalars and shares of the parts; None if the memory did not suffice."""
        found: list[tuple[Mapping[str, Tensor], float]] = []
        try:
            for batch, share in parts:
                scalars = self._pass.run(batch, share)
                found.append(({name: each.detach() for name, each in scalars.items()}, share))
        except RuntimeError as error:
            if not is_memory_exhausted(error):
                raise
            # The error is dropped here: its traceback would keep the tensors that fill the memory.
            return None
        return found

    def _agree(self, fits: bool) -> Tensor | None:
        """Which parameters have a gradient on any rank; None if an attempt failed on any."""
        failure = INDIVISIBLE if self.most_samples == 1 else TOO_LARGE
        own = torch.tensor([FITS if fits else failure], dtype=torch.int32)
        agreed = self._agreement.maximum(torch.cat([own, has_gradient(self._parameters)]))
        if int(agreed[0]) == INDIVISIBLE:
            raise MemoryExhaustedError(
                f"One sample at a time does not fit into the memory of {self._pass.process.device_name}: "
                f"{self._recipe.memory_advice}"
            )
        return agreed[1:] if int(agreed[0]) == FITS else None

    def _begin_again(self, before: Mapping[str, Any]) -> None:
        for parameter in self._parameters:
            parameter.grad = None
        free_cached_memory(self._pass.process.device)
        restore_random_state(before)
        self._num_halvings += 1
        most = -(-self.most_samples // 2)
        logger.warning(
            "The memory of the device did not suffice for %d samples at once: from here on each rank "
            "computes at most %d at once. The samples of a step stay the same.",
            self.most_samples,
            most,
        )
        self._on_halved(most)
