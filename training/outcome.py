"""How a training ended, as its launcher learns it from the ranks."""

from dataclasses import dataclass
from enum import Enum, auto


class Ending(Enum):
    """Why a training ended."""

    COMPLETED = auto()
    STOPPED = auto()
    RELEASED = auto()
    """It is saved and has released its machine; it continues when it is started again."""


@dataclass(frozen=True, kw_only=True)
class TrainingOutcome:
    """How a training ended; `message` is for the person who started it."""

    ending: Ending
    message: str
    steps: int
    stopped_early: bool = False
    best_score: float | None = None
    best_epoch: int | None = None
