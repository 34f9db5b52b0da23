"""How a large table is learned from, and within what memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MIN_MEMORY_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class LargeSettings:
    """Bounds of memory and time, and the division into holdout and folds."""

    memory_bytes: int = 2**30
    """Of everything that grows with the table. The program with its libraries comes on top, and
    about 150 MiB of buffers and resamples, whatever the limit."""
    budget_s: float = 600.0
    """For boosting and the search for leaks; reading the table takes the time that it takes."""
    leak_share: float = 0.25
    """Share of the budget that the search for leaks may take."""
    max_sample_rows: int = 100_000
    """Rows from which types, leaks and the encoding are found."""
    holdout_share: float = 0.2
    num_folds: int = 5
    """One of them validates, the others train."""
    seed: int = 0
    num_threads: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)
    """Hyperparameters of XGBoost that are not to have their default."""

    def __post_init__(self) -> None:
        if self.memory_bytes < MIN_MEMORY_BYTES:
            raise ValueError(
                f"memory_bytes must be at least {MIN_MEMORY_BYTES:,}, but is {self.memory_bytes:,}."
            )
        if not 0 < self.holdout_share <= 0.5:
            raise ValueError(f"holdout_share must be in (0, 0.5], but is {self.holdout_share}.")
        if not 2 <= self.num_folds <= 50:
            raise ValueError(f"num_folds must be from 2 to 50, but is {self.num_folds}.")


DEFAULT_SETTINGS = LargeSettings()
