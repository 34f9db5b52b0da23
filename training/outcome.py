"""How a training ended, as its launcher hears it."""

from dataclasses import dataclass
from enum import Enum, auto


class Ending(Enum):
    """Why a training ended."""

    COMPLETED = auto()
    STOPPED = auto()
    RELEASED = auto()
    """It is saved, and goes on when it is started again."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a training ended; `message` says what a person should know of it."""

    ending: Ending
    message: str
    steps: int
    stopped_early: bool
    best_score: float | None
    best_epoch: int | None
