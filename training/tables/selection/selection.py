"""The result of a selection, and its progress."""

from dataclasses import dataclass

from training.tables.labels import Floats
from training.tables.selection.candidate import Candidate
from training.tables.selection.ensemble_model import EnsembleModel


@dataclass(frozen=True, eq=False, kw_only=True)
class Selection:
    """What was tried, and the ensemble that came of it."""

    candidates: tuple[Candidate, ...]
    """In the order in which they ended."""
    best: Candidate
    """The finished candidate with the lowest loss."""
    model: EnsembleModel
    model_numbers: tuple[int, ...]
    """The candidates that `model.models` are from."""
    oof: Floats
    """Out-of-fold predictions of the ensemble for the development rows, NaN if not validated."""
    selection_metric: str
    """`macro_f1` or `rmse`: what is compared with the score on the holdout."""
    selection_score: float
    """Of `oof`. It is too good, because the ensemble was chosen by it."""
    loss_name: str
    """`log_loss` or `rmse`: what trials minimised and `Candidate.score` is."""
    loss: float
    """Of `oof`."""
    seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TrialProgress:
    """Where a trial is that runs."""

    number: int
    learner: str
    fold: int
    """That is being fitted, from 0."""
    num_folds: int
    rounds: int
    """Of this fold."""


@dataclass(frozen=True, kw_only=True)
class SelectionProgress:
    """Reported about once a second."""

    elapsed_s: float
    """Without pauses."""
    budget_s: float
    num_candidates: int
    """That have ended."""
    best_score: float | None
    running: tuple[TrialProgress, ...]
    total_rounds: int
    """Of all trials so far."""
