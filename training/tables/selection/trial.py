"""One trial: a learner with hyperparameters, fitted on each fold."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from training.tables.labels import Floats
from training.tables.learners.learner import Examples, ShouldStop
from training.tables.learners.model_folder import TaskDescription
from training.tables.learners.registry import learner_named
from training.tables.selection.scores import learnable, loss
from training.tables.splits.table_split import Fold


class TrialSpec(BaseModel):
    """What a trial does; the same spec on the same data gives the same result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=0)
    learner: str
    params: dict[str, Any]
    task: TaskDescription
    memory_bytes: int = Field(gt=0)
    """That the trial may take in addition to its libraries."""


class TrialEvent(BaseModel):
    """What a trial reports while it runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["round", "fold", "finished", "stopped", "failed"]
    """`round` and `fold` are followed by more, the others end the trial."""
    fold: int = 0
    """That is being fitted, or of which the loss is."""
    rounds: int = 0
    """Of this fold."""
    loss: float = 0.0
    message: str = ""
    """Why a trial failed."""

    @property
    def is_last(self) -> bool:
        return self.kind not in ("round", "fold")


@dataclass(frozen=True, eq=False)
class TrialData:
    """All rows of a table and the folds, which trials have in common."""

    values: Floats
    targets: Floats
    folds: tuple[Fold, ...]

    def save(self, folder: Path) -> None:
        """Write arrays that several processes map into memory; OSError if that fails."""
        np.save(folder / "values.npy", self.values)
        np.save(folder / "targets.npy", self.targets)
        for number, fold in enumerate(self.folds):
            np.save(folder / f"train-{number}.npy", fold.train)
            np.save(folder / f"validation-{number}.npy", fold.validation)

    @classmethod
    def load(cls, folder: Path) -> "TrialData":
        num_folds = len(list(folder.glob("train-*.npy")))
        folds = [
            Fold(np.load(folder / f"train-{at}.npy"), np.load(folder / f"validation-{at}.npy"))
            for at in range(num_folds)
        ]
        values = np.load(folder / "values.npy", mmap_mode="r", allow_pickle=False)
        return cls(values, np.load(folder / "targets.npy", allow_pickle=False), tuple(folds))

    def rows(self, numbers: "np.ndarray[Any, Any]") -> Examples:
        return Examples(np.asarray(self.values[numbers]), self.targets[numbers])


def member_folder(folder: Path, fold: int) -> Path:
    """Where a trial keeps the model of a fold."""
    return folder / f"member-{fold}"


def predictions_file(folder: Path, fold: int) -> Path:
    """Where a trial keeps the predictions of a fold's validated rows."""
    return folder / f"predictions-{fold}.npy"


def run_trial(
    spec: TrialSpec,
    data: TrialData,
    folder: Path,
    *,
    report: Callable[[TrialEvent], None],
    should_stop: ShouldStop,
) -> None:
    """Fit each fold, and write its model and its predictions into the folder.

    A fold that is stopped leaves nothing. Raises what the learner raises.
    """
    task, learner = spec.task.task(), learner_named(spec.learner)
    rounds = _Rounds(report, should_stop)
    for number, fold in enumerate(data.folds):
        rounds.begin(number)
        train, validation = data.rows(fold.train), data.rows(fold.validation)
        model = learner.fit(task, train, validation, spec.params, should_stop=rounds.is_over)
        if rounds.is_over(model.rounds):
            report(TrialEvent(kind="stopped", fold=number))
            return
        predictions = model.predict(validation.values)
        model.save(member_folder(folder, number))
        np.save(predictions_file(folder, number), predictions)
        kept = learnable(train.targets, validation.targets, has_classes=task.has_classes)
        fold_loss = loss(predictions[kept], validation.targets[kept], has_classes=task.has_classes)
        report(TrialEvent(kind="fold", fold=number, rounds=model.rounds, loss=fold_loss))
    report(TrialEvent(kind="finished"))


class _Rounds:
    """Reports rounds now and then, and remembers that the trial is to stop."""

    _REPORT_EVERY_S = 0.2

    def __init__(self, report: Callable[[TrialEvent], None], should_stop: ShouldStop) -> None:
        self._report, self._should_stop = report, should_stop
        self._fold = 0
        self._is_stopped = False
        self._reported_at = 0.0

    def begin(self, fold: int) -> None:
        self._fold = fold

    def is_over(self, num_rounds: int) -> bool:
        if time.monotonic() - self._reported_at > self._REPORT_EVERY_S:
            self._report(TrialEvent(kind="round", fold=self._fold, rounds=num_rounds))
            self._reported_at = time.monotonic()
        self._is_stopped = self._is_stopped or self._should_stop(num_rounds)
        return self._is_stopped
