"""The model that a loop trains, with all that changes it: gradients, optimizer, learning rate, average."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from tracking_plugin.names import Metric
from training.agreement import Agreement
from training.checkpoints.training_state import Stateful, TrainingState
from training.config import Precision
from training.deferred_scalars import DeferredScalars
from training.precision import autocast, resolve_precision
from training.process import Process
from training.progress import Progress
from training.recipe import Recipe
from training.recipe_abilities import SplittableRecipe, StatefulRecipe
from training.steps.average import build_average
from training.steps.fitting_gradients import FittingGradients
from training.steps.gradients import Gradients, Pass, SynchronisedGradients
from training.steps.learning_rate import LearningRate
from training.steps.parallel import equal_on_all_ranks, synchronised
from training.steps.trained_weights import trained_weights


class Learner:
    """Takes the optimizer steps of one rank."""

    def __init__(
        self,
        recipe: Recipe,
        process: Process,
        agreement: Agreement,
        on_halved: Callable[[int], None],
    ) -> None:
        """`on_halved` is told how many samples are computed at once after the memory did not suffice."""
        self._recipe = recipe
        self._process = process
        self._clip_norm = recipe.config.clip_norm
        self._precision = resolve_precision(recipe.config.precision, process.device)
        self.model = recipe.model.to(process.device)
        self._weights = trained_weights(recipe)
        is_fp16 = self._precision is Precision.FP16
        self._scaler = torch.amp.GradScaler(process.device.type, enabled=is_fp16)
        self._trained_model, self._gradients = self._build_gradients(agreement, on_halved)
        self._optimizer = recipe.build_optimizer()
        self.learning_rate = LearningRate(recipe)
        self._average = build_average(self._weights, recipe.config.ema_decay)

    def set_learning_rate(self, step: int) -> None:
        """Set the learning rate of the step that follows `step` finished ones."""
        self.learning_rate.apply(self._optimizer, step)

    def step(self, micro_batches: Sequence[Any], scalars: DeferredScalars) -> None:
        """Learn from the micro-batches of one step, and add what they measure to `scalars`."""
        self._gradients.compute(micro_batches, scalars)
        if self._clip_norm > 0:
            self._scaler.unscale_(self._optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), self._clip_norm)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad(set_to_none=True)
        if self._average is not None:
            self._average.update()

    def metrics(self, step: int) -> Mapping[str, float]:
        """Of `step`, which is one of the last ones."""
        metrics = {str(Metric.LEARNING_RATE): self.learning_rate(step - 1)}
        if isinstance(self._gradients, FittingGradients):
            metrics[Metric.MICRO_BATCH_SIZE] = float(self._gradients.most_samples)
        return metrics

    def train_mode(self) -> None:
        self._recipe.train_mode(self._trained_model)

    @contextmanager
    def evaluated_model(self) -> Iterator[nn.Module]:
        """The model with the averaged weights if there are any, in evaluation mode."""
        averaged = nullcontext(self.model) if self._average is None else self._average.evaluated()
        with averaged as model, autocast(self._process.device, self._precision):
            model.eval()
            yield model

    def state(self, progress: Progress) -> TrainingState:
        """All that a checkpoint has."""
        return TrainingState(
            process=self._process,
            model=self._weights,
            optimizer=self._optimizer,
            scaler=self._scaler,
            average=self._average,
            progress=progress,
            parts=self._parts(),
        )

    def _parts(self) -> dict[str, Stateful]:
        parts: dict[str, Stateful] = {"learning_rate": self.learning_rate}
        if isinstance(self._gradients, FittingGradients):
            parts["micro_batches"] = self._gradients
        if isinstance(self._recipe, StatefulRecipe):
            parts["recipe"] = self._recipe
        return parts

    def _build_gradients(
        self, agreement: Agreement, on_halved: Callable[[int], None]
    ) -> tuple[nn.Module, Gradients]:
        """The model as it computes gradients, and how they are computed."""
        recipe, config, process = self._recipe, self._recipe.config, self._process
        if not isinstance(recipe, SplittableRecipe):
            model = synchronised(self._weights, config, process)
            return model, SynchronisedGradients(self._pass(model))
        model = equal_on_all_ranks(self._weights, config, process)
        return model, FittingGradients(self._pass(model), recipe, agreement, on_halved)

    def _pass(self, model: nn.Module) -> Pass:
        return Pass(
            recipe=self._recipe,
            process=self._process,
            model=model,
            scaler=self._scaler,
            precision=self._precision,
        )
