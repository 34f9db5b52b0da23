"""The interface of a launcher: which processes run `fit`, and how these start the ranks."""

import importlib
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar, cast

from training.config import LaunchConfig
from training.job import TrainingJob
from training.launchers.registry import LAUNCHERS
from training.outcome import TrainingOutcome
from training.settings import TrainingSettings

T = TypeVar("T")


class Peers(Protocol):
    """The processes that run `fit` together; the main one prepares the training and ends its run."""

    @property
    def is_main(self) -> bool: ...

    @property
    def is_alone(self) -> bool: ...

    @property
    def remembered_run_id(self) -> str:
        """The run of the previous attempt, if the launcher has restarted its processes, else ""."""

    def remember_run(self, run_id: str) -> None:
        """Store the run for an attempt after this one."""

    def forget_run(self) -> None: ...

    def broadcast(self, value: T) -> T:
        """The main process's `value`; a collective."""

    def barrier(self) -> None: ...


class Launcher(Protocol):
    """Starts the ranks of a training."""

    def peers(
        self, launch: LaunchConfig, settings: TrainingSettings
    ) -> AbstractContextManager[Peers]:
        """Connect the processes that run `fit`. Raises LaunchError if that is impossible."""

    def is_remote(self, settings: TrainingSettings) -> bool:
        """Whether the ranks run on machines whose files this process may not see."""

    def decide_gpu(self, launch: LaunchConfig, settings: TrainingSettings) -> bool:
        """Whether to train on GPUs. Raises LaunchError if they are requested but not there."""

    def train(
        self, job: TrainingJob, launch: LaunchConfig, settings: TrainingSettings
    ) -> TrainingOutcome:
        """Start the ranks, or be one, and wait for the end. Raises TrainingError if it fails."""


class Alone:
    """The only process that runs `fit`."""

    is_main = True
    is_alone = True
    remembered_run_id = ""

    def remember_run(self, run_id: str) -> None: ...

    def forget_run(self) -> None: ...

    def broadcast(self, value: T) -> T:
        return value

    def barrier(self) -> None: ...


def open_launcher(name: str) -> Launcher:
    """The launcher of that name, which must be one of LAUNCHERS."""
    module, class_name = LAUNCHERS[name].split(":")
    return cast(Launcher, getattr(importlib.import_module(module), class_name)())
