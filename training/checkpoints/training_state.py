"""Captures the state of a training in a checkpoint, and restores it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from training.checkpoints.checkpoint import Checkpoint
from training.process import Process
from training.progress import Progress
from training.random_state import capture_random_state, restore_random_state

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """Everything that changes from step to step, on every rank."""

    process: Process
    model: nn.Module
    optimizer: Optimizer
    scaler: torch.amp.GradScaler
    ema: AveragedModel | None
    progress: Progress

    def capture(self) -> Checkpoint:
        """The current state. A collective; the result is complete only on rank 0."""
        tensors = {"model": self.model.state_dict()}
        if self.ema is not None:
            tensors["ema"] = self.ema.module.state_dict()
        state = {
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "ema_updates": 0 if self.ema is None else int(self.ema.n_averaged),
            "random_states": self.process.gather(capture_random_state()),
            "progress": self.progress.state_dict(),
        }
        return Checkpoint(tensors=tensors, state=state)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Set the state to that in `checkpoint`."""
        self.model.load_state_dict(checkpoint.tensors["model"])
        self.optimizer.load_state_dict(checkpoint.state["optimizer"])
        self.scaler.load_state_dict(checkpoint.state["scaler"])
        if self.ema is not None:
            self.ema.module.load_state_dict(checkpoint.tensors["ema"])
            self.ema.n_averaged.fill_(checkpoint.state["ema_updates"])
        self.progress.load_state_dict(checkpoint.state["progress"])
        self._restore_random_state(checkpoint.state["random_states"])

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
