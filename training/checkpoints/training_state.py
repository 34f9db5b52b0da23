"""Captures the state of a training in a checkpoint, and restores it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch.optim import Optimizer

from training.checkpoints.checkpoint import Checkpoint
from training.checkpoints.model_state import ModelState
from training.checkpoints.optimizer_state import load_optimizer, optimizer_state
from training.errors import CheckpointError
from training.process import Process
from training.progress import Progress
from training.random_state import capture_random_state, restore_random_state
from training.steps.average import Average

logger = logging.getLogger(__name__)


class Stateful(Protocol):
    """A part of a training with plain values of its own, the same on every rank."""

    def state_dict(self) -> Mapping[str, Any]: ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """Everything that changes from step to step, on every rank."""

    process: Process
    model: ModelState
    optimizer: Optimizer
    scaler: torch.amp.GradScaler
    average: Average | None
    progress: Progress
    parts: Mapping[str, Stateful] = field(default_factory=dict)
    """Further parts by their names; one that an older checkpoint lacks stays as it begins."""

    def capture(self) -> Checkpoint:
        """The current state. A collective; the result is complete only on rank 0."""
        tensors: dict[str, Mapping[str, torch.Tensor]] = {"model": self.model.tensors()}
        if self.average is not None:
            tensors["ema"] = self.average.tensors()
        state = {
            "optimizer": optimizer_state(self.optimizer),
            "scaler": self.scaler.state_dict(),
            "ema_updates": 0 if self.average is None else self.average.num_updates,
            "random_states": self.process.gather(capture_random_state()),
            "progress": self.progress.state_dict(),
            "parts": {name: dict(part.state_dict()) for name, part in self.parts.items()},
        }
        return Checkpoint(tensors=tensors, state=state)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Set the state to that in `checkpoint`. Raises CheckpointError if it is of another training."""
        self.model.load(checkpoint.tensors["model"])
        load_optimizer(self.optimizer, checkpoint.state["optimizer"])
        self.scaler.load_state_dict(checkpoint.state["scaler"])
        if self.average is not None:
            self._restore_average(self.average, checkpoint)
        self.progress.load_state_dict(checkpoint.state["progress"])
        for name, values in checkpoint.state.get("parts", {}).items():
            if name in self.parts:
                self.parts[name].load_state_dict(values)
        self._restore_random_state(checkpoint.state["random_states"])

    def _restore_average(self, average: Average, checkpoint: Checkpoint) -> None:
        if "ema" not in checkpoint.tensors:
            raise CheckpointError(
                "The checkpoint has no averaged weights, but ema_decay asks for them. Resume it with "
                "the settings that it was trained with, or start a new run."
            )
        average.load(checkpoint.tensors["ema"], checkpoint.state["ema_updates"])

    def _restore_random_state(self, states: Sequence[dict[str, Any]]) -> None:
        if len(states) != self.process.world_size:
            logger.warning(
                "The checkpoint was written by %d ranks and is read by %d: "
                "the run resumes with other random numbers than without the interruption.",
                len(states),
                self.process.world_size,
            )
        if self.process.rank < len(states):
            restore_random_state(states[self.process.rank])
