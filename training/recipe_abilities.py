"""What a recipe of the torch loop may offer beside `training.recipe.Recipe`; the loop uses what there is.

The loop asks with `isinstance`, so a recipe needs no more than the members.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import nn

Pixels = np.ndarray[Any, Any]
"""Height x width x 3, uint8."""


@runtime_checkable
class PartlyTrained(Protocol):
    """A recipe that trains a small part of a model, such as an adapter of a large frozen base.

    Checkpoints and averaged weights have that part alone, and every rank loads the base by itself.
    """

    @property
    def trained_names(self) -> Collection[str]:
        """The names, in `model`, of the parameters and buffers that the training changes."""


@runtime_checkable
class SplittableRecipe(Protocol):
    """A recipe whose micro-batches can be halved when the memory of a device does not suffice.

    Its loss is a mean over samples, so that the halves add up to the whole, and its `training_step`
    is no collective. Random numbers that belong to a sample are drawn before a batch is split. The
    ranks average their gradients after the backward pass; buffers are not exchanged.
    """

    @property
    def memory_advice(self) -> str:
        """What to change if not even one sample fits, as a sentence that names the settings."""

    def num_samples(self, batch: Any) -> int: ...

    def split(self, batch: Any) -> tuple[Any, Any]:
        """Two halves of a batch of several samples, in their order; the first may have one more."""


@runtime_checkable
class StatefulRecipe(Protocol):
    """A recipe with a state of its own, which checkpoints keep: plain values, the same on every rank."""

    def state_dict(self) -> Mapping[str, Any]: ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


class InstructionRefusedError(Exception):
    """A recipe does not carry out an instruction; the message says why."""


@runtime_checkable
class InstructedRecipe(Protocol):
    """A recipe with one-time commands of its own. Where they change it, it is a StatefulRecipe as well."""

    @property
    def instructions(self) -> Collection[str]:
        """The names of the commands; see `tracking_plugin.instruction_names`."""

    def follow(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Carry it out between two steps, on every rank, and return what to answer.

        Raises InstructionRefusedError if it is to have no effect. No failure ends the run: if any
        rank fails, all get their state back. It is no collective.
        """


@runtime_checkable
class DrawingRecipe(Protocol):
    """A recipe that draws pictures with its model from time to time, and on the command `sample_now`.

    Rank 0 alone draws, after the checkpoint of that step is safe. Random states are restored after
    it, and no failure ends the run.
    """

    @property
    def draw_every_steps(self) -> int:
        """Draws after these steps and after the last one; 0 draws only on command."""

    @property
    def drawing_timeout_s(self) -> float:
        """The longest that the pictures of one step may take."""

    def draw(
        self, model: nn.Module, *, step: int, check_time: Callable[[], None]
    ) -> Iterator[tuple[str, Pixels]]:
        """The pictures by their keys in MLflow; `model` is in evaluation mode, without autograd.

        Call `check_time` often, as between two steps of denoising: it raises when the time is over.
        """


@runtime_checkable
class ShowingRecipe(Protocol):
    """A recipe that can show an image that it is learning from."""

    def current_image(self, batch: Any) -> Pixels | None:
        """An image of a micro-batch, small and without anything that names a person; None to show none."""
