"""The learning rate of each step: the recipe's schedule, whose peak a person may replace while it trains."""

from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer

from training.recipe import Recipe


class LearningRate:
    """The schedule of `recipe`; once its peak is replaced, its form stays as it is."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._peak: float | None = None

    def __call__(self, step: int) -> float:
        """The learning rate of the optimizer step that follows `step` finished ones."""
        scheduled = self._recipe.learning_rate(step)
        if self._peak is None:
            return scheduled
        # Where the schedule is at its peak, the quotient is exactly 1.
        return self._peak * (scheduled / self._recipe.peak_learning_rate)

    def replace_peak(self, peak: float) -> None:
        self._peak = peak

    def apply(self, optimizer: Optimizer, step: int) -> None:
        """Set the learning rate of the step that follows `step` finished ones."""
        learning_rate = self(step)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * group.get("lr_scale", 1.0)

    def state_dict(self) -> Mapping[str, Any]:
        return {"peak": self._peak}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._peak = state["peak"]
