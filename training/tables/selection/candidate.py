"""A learner with hyperparameters that was tried, and how that went."""

from dataclasses import dataclass
from enum import StrEnum

from training.tables.labels import Floats
from training.tables.learners.hyperparameter import Params


class CandidateStatus(StrEnum):
    FINISHED = "finished"
    STOPPED = "stopped"
    """By the user, by the end of the budget, or because it was hopeless; `message` says which."""
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidate:
    """Only a finished candidate can be chosen."""

    number: int
    learner: str
    params: Params
    status: CandidateStatus
    score: float | None
    """The mean loss of the folds: log loss of classes, RMSE of numbers. None unless finished."""
    fold_scores: tuple[float, ...]
    """Of the folds that were finished."""
    fold_rounds: tuple[int, ...]
    seconds: float
    message: str
    oof: Floats
    """Out-of-fold predictions of the development rows, (num_rows, num_outputs).

    NaN where no finished fold validated the row.
    """
    metrics: dict[str, float]
    """Other scores on the out-of-fold predictions, such as macro_f1; empty unless finished."""

    @property
    def is_finished(self) -> bool:
        return self.status is CandidateStatus.FINISHED
