"""The interface of what runs trials."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from training.tables.selection.trial import TrialData, TrialEvent, TrialSpec


class RunningTrial(Protocol):
    """A trial that was started. It pauses while nobody polls it."""

    def poll(self, timeout_s: float) -> Sequence[TrialEvent]:
        """Let the trial go on; its events of up to this time from now on.

        The last one says how it ended, also if its process died. Then the folder is complete.
        """

    def stop(self) -> None:
        """Ask the trial to end after the present round."""

    def kill(self) -> None:
        """End it now; to be called for each trial, whether it is over or not."""


class TrialRunner(Protocol):
    num_slots: int
    """Trials that run at the same time."""

    def prepare(self, data: TrialData) -> None:
        """Give all later trials their data."""

    def start(self, spec: TrialSpec, folder: Path) -> RunningTrial:
        """Begin a trial, whose results come into the empty folder."""

    def close(self) -> None:
        """Leave no process and no file behind."""
