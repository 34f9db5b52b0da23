"""Decides when the loop evaluates, saves and ends, from its step and its best score."""

from dataclasses import dataclass
from typing import Any

from training.config import LoopConfig
from training.errors import CheckpointError


@dataclass(kw_only=True)
class Progress:
    """Counts optimizer steps; epochs count from 1 and end after `steps_per_epoch` steps."""

    steps_per_epoch: int
    step: int = 0
    best_score: float | None = None
    best_step: int | None = None
    best_epoch: int | None = None
    evaluations_since_best: int = 0

    @property
    def epoch(self) -> int:
        """The epoch that the last finished step belongs to."""
        return self.epoch_of(max(1, self.step))

    def epoch_of(self, step: int) -> int:
        """The epoch that `step`, counted from 1, belongs to."""
        return (step - 1) // self.steps_per_epoch + 1

    @property
    def epoch_is_over(self) -> bool:
        return self.step > 0 and self.step % self.steps_per_epoch == 0

    def is_over(self, config: LoopConfig) -> bool:
        """Whether all epochs are done, or early stopping ends the training."""
        return self.step >= config.epochs * self.steps_per_epoch or self.has_stalled(config)

    def has_stalled(self, config: LoopConfig) -> bool:
        """Whether early stopping ends the training."""
        patience = config.early_stopping_patience
        return 0 < patience <= self.evaluations_since_best

    def evaluation_is_due(self, config: LoopConfig) -> bool:
        return self._is_due(config.evaluate_every_steps)

    def checkpoint_is_due(self, config: LoopConfig) -> bool:
        return self._is_due(config.checkpoint_every_steps)

    def record(self, score: float) -> bool:
        """Record the score of an evaluation; returns True if it is the best so far."""
        if self.best_score is None or score > self.best_score:
            self.best_score, self.best_step, self.best_epoch = score, self.step, self.epoch
            self.evaluations_since_best = 0
            return True
        self.evaluations_since_best += 1
        return False

    def state_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`. Raises CheckpointError if its steps are not those of this training."""
        if state["steps_per_epoch"] != self.steps_per_epoch:
            raise CheckpointError(
                f"The checkpoint is of a training with {state['steps_per_epoch']} steps per epoch, "
                f"but this one has {self.steps_per_epoch}: its data or the samples of a step have "
                "changed. Put them back as they were, or start a new run."
            )
        vars(self).update(state)

    def _is_due(self, every_steps: int) -> bool:
        return self.epoch_is_over or (every_steps > 0 and self.step % every_steps == 0)
