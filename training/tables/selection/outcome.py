"""Makes candidates of ended trials, and the ensemble of the finished ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.tables.labels import Floats, Integers
from training.tables.learners.learner import LearningTask
from training.tables.learners.registry import load_model
from training.tables.selection.active_trial import ActiveTrial
from training.tables.selection.bagged_model import BaggedModel
from training.tables.selection.candidate import Candidate, CandidateStatus
from training.tables.selection.ensemble_model import EnsembleModel
from training.tables.selection.greedy import greedy_weights
from training.tables.selection.scores import (
    LOG_LOSS,
    MACRO_F1,
    RMSE,
    learnable_rows,
    loss,
    macro_f1,
)
from training.tables.selection.trial import member_folder, predictions_file
from training.tables.splits.table_split import TableSplit

MIN_TRAIN_SHARE = 0.5
"""Of the largest fold's rows: models of the first, short windows of time are not kept."""


class OutOfFold:
    """The validated rows of a table, and predictions of them."""

    def __init__(self, task: LearningTask, targets: Floats, split: TableSplit) -> None:
        self._task, self._targets, self._split = task, targets, split
        rows = learnable_rows(split.folds, targets, has_classes=task.has_classes)
        self.compared: Integers = np.searchsorted(split.development, rows)
        """Places among the development rows by which models are compared."""

    def read(self, folder: Path, num_folds: int) -> Floats:
        """The predictions of the first folds of a trial, as in `Candidate.oof`."""
        shape = (len(self._split.development), max(1, self._task.num_classes))
        found = np.full(shape, np.nan)
        for number, fold in enumerate(self._split.folds[:num_folds]):
            places = np.searchsorted(self._split.development, fold.validation)
            found[places] = np.load(predictions_file(folder, number), allow_pickle=False)
        return found

    def compared_targets(self) -> Floats:
        return self._targets[self._split.development][self.compared]

    def metrics(self, oof: Floats) -> dict[str, float]:
        """Scores of all validated rows, and the loss of those that are compared."""
        validated = np.flatnonzero(~np.isnan(oof).any(axis=1))
        known = self._targets[self._split.development]
        if not self._task.has_classes:
            return {RMSE: loss(oof[validated], known[validated], has_classes=False)}
        codes = known[validated].astype(np.int64)
        return {
            MACRO_F1: macro_f1(oof[validated], codes),
            "accuracy": float((oof[validated].argmax(axis=1) == codes).mean()),
            LOG_LOSS: loss(oof[self.compared], known[self.compared], has_classes=True),
        }


def candidate_of(trial: ActiveTrial, rows: OutOfFold, seconds: float) -> Candidate:
    """The candidate of a trial that has ended."""
    assert trial.status is not None
    is_finished = trial.status is CandidateStatus.FINISHED
    oof = rows.read(trial.folder, len(trial.fold_scores))
    return Candidate(
        number=trial.number,
        learner=trial.learner,
        params=trial.params,
        status=trial.status,
        score=float(np.mean(trial.fold_scores)) if is_finished else None,
        fold_scores=tuple(trial.fold_scores),
        fold_rounds=tuple(trial.fold_rounds),
        seconds=seconds,
        message=trial.message,
        oof=oof,
        metrics=rows.metrics(oof) if is_finished else {},
    )


def combined(
    task: LearningTask,
    finished: Sequence[Candidate],
    folders: Sequence[Path],
    rows: OutOfFold,
    split: TableSplit,
) -> tuple[EnsembleModel, tuple[int, ...], Floats]:
    """The ensemble, the numbers of its candidates, and its out-of-fold predictions."""
    weights = greedy_weights(
        [candidate.oof[rows.compared] for candidate in finished],
        rows.compared_targets(),
        has_classes=task.has_classes,
    )
    chosen = sorted(
        (at for at, weight in enumerate(weights) if weight > 0), key=lambda at: -weights[at]
    )
    model = EnsembleModel(
        tuple(_bagged(folders[at], split) for at in chosen), tuple(weights[at] for at in chosen)
    )
    oof = np.sum([weights[at] * finished[at].oof for at in chosen], axis=0)
    return model, tuple(finished[at].number for at in chosen), oof


def _bagged(folder: Path, split: TableSplit) -> BaggedModel:
    sizes = [len(fold.train) for fold in split.folds]
    kept = [at for at, size in enumerate(sizes) if size >= MIN_TRAIN_SHARE * max(sizes)]
    return BaggedModel(tuple(load_model(member_folder(folder, at)) for at in kept))
