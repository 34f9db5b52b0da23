"""Runs scripted trials on a clock of its own, so that tests of decisions need no time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training.tables.learners.constant_model import ConstantModel
from training.tables.selection.trial import (
    TrialData,
    TrialEvent,
    TrialSpec,
    member_folder,
    predictions_file,
)


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Script:
    """How the trials of a learner go."""

    share: float = 0.6
    """The probability that it gives to the true class."""
    fold_s: float = 1.0
    failure: str = ""


@dataclass
class ScriptedRunner:
    """Each poll of a trial finishes a fold, and takes the seconds of the script."""

    clock: FakeClock
    scripts: dict[str, Script]
    num_slots: int = 1
    on_poll: Callable[[int], None] = lambda _: None
    started: list[TrialSpec] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)
    is_closed: bool = False

    def prepare(self, data: TrialData) -> None:
        self.data = data

    def start(self, spec: TrialSpec, folder: Path) -> "ScriptedTrial":
        self.started.append(spec)
        return ScriptedTrial(self, spec, folder)

    def close(self) -> None:
        self.is_closed = True


class ScriptedTrial:
    def __init__(self, runner: ScriptedRunner, spec: TrialSpec, folder: Path) -> None:
        self._runner, self._spec, self._folder = runner, spec, folder
        self._script = runner.scripts[spec.learner]
        self._fold = 0
        self._is_stopped = False

    def poll(self, timeout_s: float) -> Sequence[TrialEvent]:
        self._runner.on_poll(self._spec.number)
        if self._is_stopped:
            return [TrialEvent(kind="stopped", fold=self._fold)]
        self._runner.clock.now += self._script.fold_s
        if self._script.failure:
            return [TrialEvent(kind="failed", message=self._script.failure)]
        if self._fold == len(self._runner.data.folds):
            return [TrialEvent(kind="finished")]
        self._finish_fold()
        self._fold += 1
        loss = float(-np.log(self._script.share))
        return [TrialEvent(kind="fold", fold=self._fold - 1, rounds=10, loss=loss)]

    def stop(self) -> None:
        self._is_stopped = True

    def kill(self) -> None:
        self._runner.killed.append(self._spec.number)

    def _finish_fold(self) -> None:
        task = self._spec.task.task()
        rows = self._runner.data.folds[self._fold].validation
        rest = (1 - self._script.share) / (task.num_classes - 1)
        predictions = np.full((len(rows), task.num_classes), rest)
        codes = self._runner.data.targets[rows].astype(int)
        predictions[np.arange(len(rows)), codes] = self._script.share
        np.save(predictions_file(self._folder, self._fold), predictions)
        outputs = np.full(task.num_classes, 1 / task.num_classes)
        model = ConstantModel(self._spec.learner, task, outputs)
        model.save(member_folder(self._folder, self._fold))
