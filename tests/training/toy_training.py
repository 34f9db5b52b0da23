"""Trains the toy recipe with the real loop and real checkpoints, to the end or to a simulated kill."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tests.training.ranks import lone_process
from tests.training.toy import MemoryTracker, ToyRecipe
from training.agreement import Agreement
from training.checkpoints.store import CheckpointStore
from training.config import LoopConfig
from training.loop import TrainingLoop
from training.null_recorders import NullConsole
from training.outcome import TrainingOutcome
from training.process import Process


@dataclass
class Trained:
    outcome: TrainingOutcome
    tracker: MemoryTracker
    weights: dict[str, torch.Tensor]
    store: CheckpointStore
    recipe: ToyRecipe

    def __getstate__(self) -> dict[str, Any]:
        """Without the recipe, which cannot be sent to another process."""
        return {name: value for name, value in vars(self).items() if name != "recipe"}


def train(
    root: Path,
    process: Process | None = None,
    *,
    agreement: Agreement | None = None,
    tracker: MemoryTracker | None = None,
    store: CheckpointStore | None = None,
    stop_after: int = 0,
    recipe_class: type[ToyRecipe] = ToyRecipe,
    **settings: Any,
) -> Trained:
    """Train the toy; after `stop_after` steps the process "dies", and only its files remain."""
    process = process or lone_process()
    toy: dict[str, Any] = {
        name: settings.pop(name) for name in ("batch_size", "dropout", "scores") if name in settings
    }
    recipe = recipe_class(LoopConfig(**settings), process, **({"batch_size": 8} | toy))
    store = store or CheckpointStore(root=root, mirror=None, keep_last=settings.get("keep_last", 2))
    if process.is_main:
        store.open_for_writing()
    tracker = tracker or MemoryTracker()
    loop = TrainingLoop(
        recipe=recipe,
        process=process,
        agreement=agreement or Agreement(process, None),
        tracker=tracker,
        checkpoints=store,
        console=NullConsole(),
    )
    if stop_after:
        loop.recipe.batches = _dying(recipe.batches, stop_after)  # type: ignore[method-assign]
    torch.manual_seed(3 + process.rank)
    try:
        outcome = loop.run()
    except Killed:
        outcome = loop._outcome()
    weights = {name: tensor.clone() for name, tensor in loop.model.state_dict().items()}
    return Trained(outcome=outcome, tracker=tracker, weights=weights, store=store, recipe=recipe)


class Killed(BaseException):
    """Simulates the end of the process."""


def _dying(batches: Any, after: int) -> Any:
    def dying(first_step: int) -> Any:
        for step, batch in enumerate(batches(first_step), start=first_step):
            if step == after:
                raise Killed
            yield batch

    return dying
