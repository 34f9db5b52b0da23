"""Follows the commands of a run between boosting rounds, and shows how far boosting is."""

import time
from collections.abc import Callable

from training.recipe_spec import TrainingSession
from training.recipes.tables.progress import PipelineProgress

_PAUSE_S = 0.5
"""A control that blocks for longer has paused the training."""
_REPORT_EVERY_S = 1.0


class BoostingControl:
    """Asked after each boosting round; pauses do not count as time."""

    def __init__(
        self,
        session: TrainingSession,
        progress: PipelineProgress,
        *,
        num_rounds: int,
        budget_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`num_rounds` and `budget_s` are those after which boosting ends by itself."""
        self._session, self._progress = session, progress
        self._num_rounds, self._budget_s = num_rounds, budget_s
        self._monotonic = monotonic
        self._paused_s = 0.0
        self._begun_s: float | None = None
        self._reported_s = 0.0
        self.was_stopped = False
        """Whether a person ended boosting before its end; the best rounds so far are used."""

    def clock(self) -> float:
        """Seconds since an arbitrary time, without pauses."""
        return self._monotonic() - self._paused_s

    def should_stop(self, num_rounds: int) -> bool:
        if self._begun_s is None:
            self._begun_s = self._reported_s = self.clock()
        before_s = self._monotonic()
        self.was_stopped = self._session.should_stop(num_rounds)
        waited_s = self._monotonic() - before_s
        if waited_s > _PAUSE_S:
            self._paused_s += waited_s
        self._report(num_rounds, self.clock() - self._begun_s)
        return self.was_stopped

    def _report(self, num_rounds: int, elapsed_s: float) -> None:
        if self.clock() - self._reported_s < _REPORT_EVERY_S:
            return
        self._reported_s = self.clock()
        fraction = max(num_rounds / self._num_rounds, elapsed_s / self._budget_s)
        seconds_left = elapsed_s * (1 / fraction - 1)
        self._progress.update(fraction, seconds_left=max(0.0, seconds_left))
