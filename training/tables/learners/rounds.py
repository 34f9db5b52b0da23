"""Decides after each boosting round or epoch whether the fit ends."""

import math

from training.tables.learners.learner import ShouldStop

_MIN_PATIENCE = 20
_MAX_PATIENCE = 200


def patience_of(learning_rate: float) -> int:
    """Rounds without a better validation loss that end a fit; slower learning gets more."""
    return int(min(max(5 / learning_rate, _MIN_PATIENCE), _MAX_PATIENCE))


class RoundWatch:
    """Remembers the round with the lowest validation loss of a fit."""

    def __init__(self, should_stop: ShouldStop, patience: int) -> None:
        self._should_stop = should_stop
        self._patience = patience
        self._best_loss = math.inf
        self._best = 0
        self._finished = 0

    @property
    def best_rounds(self) -> int:
        """How many rounds the model should keep: all of them if nothing was validated."""
        return self._best or self._finished

    def is_over(self, num_rounds: int, validation_loss: float | None) -> bool:
        """To be called after each round; whether it was the last one."""
        self._finished = num_rounds
        if validation_loss is not None and validation_loss < self._best_loss:
            self._best_loss, self._best = validation_loss, num_rounds
        is_stale = bool(self._best) and num_rounds - self._best >= self._patience
        return self._should_stop(num_rounds) or is_stale
