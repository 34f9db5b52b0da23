"""The interface through which a selection is paused, stopped, shortened and extended."""

from collections.abc import Collection
from typing import Protocol


class SelectionControl(Protocol):
    """Polled several times a second while trials run."""

    def should_stop(self, step: int) -> bool:
        """Whether to end with the best candidate so far; `step` counts rounds of all trials.

        May block, which pauses the trials between two rounds. The budget does not pass meanwhile.
        """

    def skipped_trials(self) -> Collection[int]:
        """Numbers of the trials that are to be ended."""

    def budget_s(self) -> float:
        """The present budget in seconds from the beginning."""


class NoControl:
    """A control that nobody uses."""

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s

    def should_stop(self, step: int) -> bool:
        return False

    def skipped_trials(self) -> Collection[int]:
        return ()

    def budget_s(self) -> float:
        return self._budget_s
