"""The seam for other programs that learn from tables, such as AutoGluon."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from training.tables.labels import Floats
from training.tables.learners.learner import LearningTask
from training.tables.selection.control import SelectionControl
from training.tables.splits.table_split import TableSplit


@dataclass(frozen=True, eq=False, kw_only=True)
class EngineRequest:
    """What an engine learns, and within which time."""

    task: LearningTask
    values: Floats
    """(num_rows, num_features), of all rows of the table."""
    targets: Floats
    split: TableSplit
    """Its holdout must not be looked at."""
    budget_s: float
    folder: Path
    """A new or empty folder in which the engine may keep its model."""
    control: SelectionControl | None = None


class EngineModel(Protocol):
    def predict(self, values: Floats) -> Floats:
        """Probabilities (num_rows, num_classes), or numbers (num_rows, 1)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class EngineResult:
    """A fitted model, and what is to be said about it."""

    model: EngineModel
    selection_metric: str
    selection_score: float | None
    """None if the engine does not say it for our folds."""
    notes: tuple[str, ...] = ()


class Engine(Protocol):
    name: str

    def require(self) -> object:
        """Raises TableError, which says what to do, if the engine is not there."""

    def fit(self, request: EngineRequest) -> EngineResult:
        """Raises TableError if the engine is not there, or if it found no model."""
