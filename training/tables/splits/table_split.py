"""A table divided into a holdout and folds, and the settings of the division."""

from dataclasses import dataclass

from training.tables.labels import Integers
from training.tables.splits.split_report import SplitNote, SplitSummary


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How a table is divided: the share of the holdout, folds of the rest, and a seed."""

    holdout_share: float = 0.2
    num_folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.holdout_share <= 0.5:
            raise ValueError(f"holdout_share must be in (0, 0.5], but is {self.holdout_share}.")
        if not 2 <= self.num_folds <= 50:
            raise ValueError(f"num_folds must be from 2 to 50, but is {self.num_folds}.")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed must be from 0 to 2^63, but is {self.seed}.")


DEFAULT_SETTINGS = SplitSettings()


@dataclass(frozen=True, eq=False)
class Fold:
    """Numbers of the rows that train and of those that validate, ascending."""

    train: Integers
    validation: Integers


@dataclass(frozen=True, kw_only=True, eq=False)
class TableSplit:
    """Numbers of the rows of each part, ascending. Each labelled row is held out or developed on.

    Stratified folds validate each row of `development` once. Time-ordered folds leave the oldest
    rows out of validation, and train on all older rows.
    """

    holdout: Integers
    development: Integers
    """All rows with a label that are not held out."""
    folds: tuple[Fold, ...]
    unlabelled: Integers
    """Rows without a label, or with an undecided one that is to be ranked."""
    groups: Integers
    """The unit of each row that is never divided, (num_rows,): its group, joined with duplicates.

    Those without a label have -1.
    """
    summary: SplitSummary

    @property
    def notes(self) -> tuple[SplitNote, ...]:
        return self.summary.notes
