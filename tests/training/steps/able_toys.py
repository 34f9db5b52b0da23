"""Toy recipes, each with one of the abilities of `training.recipe_abilities`."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn
from torch.optim import AdamW, Optimizer

from tests.training.toy import ToyBatch, ToyRecipe
from tracking_plugin.instruction_names import SET_PROMPTS, prompts_of
from training.recipe import StepResult
from training.recipe_abilities import InstructionRefusedError, Pixels


class PartToy(ToyRecipe):
    """Trains the last layer alone."""

    trained_names: Collection[str] = ("3.weight", "3.bias")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.model[0].requires_grad_(False)

    def build_optimizer(self) -> Optimizer:
        return AdamW([each for each in self.model.parameters() if each.requires_grad], lr=0.01)


class SplitToy(ToyRecipe):
    """Has memory for `most_samples` at once on the ranks `short_ranks`; it ends after the forward pass."""

    memory_advice = "lower the number of features."
    most_samples: ClassVar[int] = 1_000
    short_ranks: ClassVar[tuple[int, ...]] = (0, 1)

    def num_samples(self, batch: ToyBatch) -> int:
        return len(batch[0])

    def split(self, batch: ToyBatch) -> tuple[ToyBatch, ToyBatch]:
        middle = (len(batch[0]) + 1) // 2
        (inputs, targets) = batch
        return (inputs[:middle], targets[:middle]), (inputs[middle:], targets[middle:])

    def training_step(self, model: nn.Module, batch: ToyBatch) -> StepResult:
        result = super().training_step(model, batch)
        if self._process.rank in self.short_ranks and self.num_samples(batch) > self.most_samples:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return result


class DrawingToy(ToyRecipe):
    """Draws two pictures with every random generator, after `draw_every_steps` and on command."""

    draw_every_steps = 4
    drawing_timeout_s = 60.0
    failure: Exception | None = None
    on_draw: Callable[[int], None] = staticmethod(lambda _: None)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.drawn: list[tuple[int, torch.Tensor]] = []
        """The step and the weights of the first layer that were drawn with."""

    def draw(
        self, model: nn.Module, *, step: int, check_time: Callable[[], None]
    ) -> Iterator[tuple[str, Pixels]]:
        self.on_draw(step)
        assert not model.training
        assert not torch.is_grad_enabled()
        self.drawn.append((step, model.get_parameter("0.weight").detach().clone()))
        torch.rand(3)
        np.random.rand(3)
        check_time()
        for number in (1, 2):
            if self.failure is not None and number == 2:
                raise self.failure
            yield f"samples/{number}", np.zeros((2, 2, 3), np.uint8)


class TalkingToy(ToyRecipe):
    """Has prompts that a command replaces and that its state has; `fail` raises, `refuse` refuses."""

    instructions: Collection[str] = (SET_PROMPTS, "fail", "refuse")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.prompts = ["a fundus"]

    def follow(self, name: str, arguments: Mapping[str, Any]) -> str:
        if name == "fail":
            raise ValueError("secret.png cannot be read")
        if name == "refuse" and self._process.rank == arguments["rank"]:
            raise InstructionRefusedError("Not now.")
        self.prompts = prompts_of(arguments) or self.prompts
        return f"{len(self.prompts)} prompts are used from now on."

    def state_dict(self) -> Mapping[str, Any]:
        return {"prompts": self.prompts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.prompts = list(state["prompts"])
